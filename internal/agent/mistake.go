package agent

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// tellNow is how long a user waits to hear that the hub has a report; after that it waits without them.
const tellNow = 5 * time.Second

var errOutboxFull = keyshift.Refuse(keyshift.CodeUnavailable, "20 reports wait on this computer for the hub, so this one was not kept.",
	"Check the network connection, then try again; if it is urgent, call your admin.")

// ReportMistake keeps a self-report on the disk, and tells the hub now or when it is reached. When it returns without an error,
// the report is not lost. One that the hub refuses for good is an error.
func (a *Agent) ReportMistake(ctx context.Context, req *v1.LocalServiceReportMistakeRequest) (*v1.LocalServiceReportMistakeResponse, error) {
	item, err := a.readMistake(req)
	if err != nil {
		return nil, err
	}
	err = a.outbox.change(func(s *outboxState) error {
		switch {
		case s.waits(item.RequestID):
			return nil // asked again after a lost answer
		case s.mistakes() >= maxMistakes:
			return errOutboxFull
		}
		s.Waiting = append(s.Waiting, item)
		return nil
	})
	if err != nil {
		return nil, err
	}
	waits := a.sendSoon(ctx)
	if err := a.outbox.refusal(item.RequestID); err != nil {
		return nil, err
	}
	now := a.outbox.read()
	told := &v1.LocalServiceReportMistakeResponse{Told: !now.waits(item.RequestID), Waiting: now.mistakes()}
	if e, ok := errors.AsType[*keyshift.Error](waits); ok && !told.GetTold() && e.Code == keyshift.CodeRateLimited {
		told.Problem = api.ToInfo(e)
	}
	return told, nil
}

func (a *Agent) readMistake(req *v1.LocalServiceReportMistakeRequest) (item outItem, err error) {
	if _, err := a.tied(); err != nil {
		return item, err
	}
	m := mistakeItem{Account: keyshift.CleanText(strings.TrimSpace(req.GetAbout()), 100), At: a.wall()}
	if m.Text, err = keyshift.ValidateMistake(req.GetText()); err != nil {
		return item, err
	}
	item = outItem{RequestID: req.GetRequestId(), Mistake: &m}
	if item.RequestID == "" {
		item.RequestID = a.newID()
	} else if err := keyshift.ValidateRequestID(item.RequestID); err != nil {
		return item, err
	}
	if rec, err := a.find(m.Account); m.Account != "" && err == nil {
		m.LeaseID, m.Account = rec.Lease.GetId(), accountName(rec.Lease.GetNetwork(), rec.Lease.GetHandle())
	}
	return item, nil
}

// sendSoon tries to send what waits while the user waits for it, and leaves the rest to tellHub. It gives the first error of what
// waits.
func (a *Agent) sendSoon(ctx context.Context) (err error) {
	if a.online.Load() {
		ctx, cancel := context.WithTimeout(ctx, tellNow)
		defer cancel()
		if err = a.sendOut(ctx); err == nil {
			return nil
		}
	}
	poke(a.outSoon)
	return err
}
