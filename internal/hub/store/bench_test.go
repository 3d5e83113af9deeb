package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// BenchmarkWrite measures check-outs: what the hub reads and writes for one, each by a device of its own.
func BenchmarkWrite(b *testing.B) {
	for _, d := range databases {
		for _, writers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", d.name, writers), func(b *testing.B) {
				s := newScene(b, d.dsn(b), func(o *Options) { o.Clock = time.Now })
				benchmarkGrants(b, s, writers)
			})
		}
	}
}

func benchmarkGrants(b *testing.B, s *scene, writers int) {
	account := s.account(shared)
	devices := make([]keyshift.Device, writers)
	for i := range devices {
		user := s.user()
		devices[i] = s.device(user)
		s.do(func(tx hub.Tx) error {
			return tx.AddGrant(keyshift.Grant{ID: tx.NewID(), AccountID: account.ID, UserID: user.ID, CreatedAt: tx.Now()})
		})
	}
	before := s.Stats()
	b.ResetTimer()
	var all sync.WaitGroup
	for i, device := range devices {
		all.Go(func() {
			for n := i; n < b.N; n += writers {
				ahead := hub.Ahead{DeviceID: device.ID, AccountID: account.ID, RequestID: benchRequest(n)}
				if err := s.Write(b.Context(), hub.Ordinary, func(tx hub.Tx) error { return checkOut(tx, account.ID, device.ID, n) }, ahead); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	after := s.Stats()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "grants/s")
	b.ReportMetric(float64(after.Commands-before.Commands)/float64(after.Commits-before.Commits), "grants/commit")
}

var errBenchEffect, errBenchGrant, errBenchHolder = errors.New("the request was answered before"), errors.New("no grant"), errors.New("somebody holds it")

// checkOut does what hub.CheckOut does in its transaction.
func checkOut(tx hub.Tx, account, device keyshift.ID, n int) error {
	d, u, err := tx.DeviceAndUser(device)
	if err != nil {
		return err
	}
	window := d.Window
	window.Accept(window.High + 1)
	if err := tx.SaveWindow(d.ID, d.Window, window); err != nil {
		return err
	}
	request := benchRequest(n)
	if _, err := tx.Effect(d.ID, request); keyshift.CodeOf(err) != keyshift.CodeNotFound {
		return errBenchEffect
	}
	a, err := tx.Account(account)
	if err != nil {
		return err
	}
	if granted, err := tx.HasGrant(u.ID, a.ID); err != nil || !granted {
		return errors.Join(errBenchGrant, err)
	}
	if _, err := tx.Holder(a.ID, tx.Now()); keyshift.CodeOf(err) != keyshift.CodeNotFound {
		return errBenchHolder
	}
	l := keyshift.NewLease(tx.NewID(), a, u, d, "campaign", time.Hour, tx.Now())
	if err := tx.AddLease(l); err != nil {
		return err
	}
	err = tx.Append(keyshift.AuditEvent{Action: keyshift.ActLeaseGranted, ActorKind: keyshift.ActorDevice, ActorID: d.ID, UserID: u.ID, DeviceID: d.ID,
		AccountID: a.ID, LeaseID: l.ID, Details: map[string]string{"account": a.Name(), "duration": "1h"}, Personal: map[string]string{"reason": "campaign", "user": u.Name}})
	if err != nil {
		return err
	}
	return tx.AddEffect(hub.Effect{Actor: d.ID, RequestID: request, Procedure: "CheckOut", BodyHash: make([]byte, 32), Result: []byte(`"` + l.ID + `"`)})
}
