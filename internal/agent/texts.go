package agent

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
)

const termsPrefix = "terms_"

// textOf names the text with the terms of a network.
func textOf(n keyshift.Network) string { return termsPrefix + string(n) }

// meet takes note that the user has to do with networks: from now on a change of their terms is told.
func (r *reminders) meet(networks ...keyshift.Network) error {
	known := r.read().Networks
	fresh := slices.DeleteFunc(networks, func(n keyshift.Network) bool { return slices.Contains(known, n) })
	if len(fresh) == 0 {
		return nil
	}
	return r.change(func(k *remindersKeptState) {
		k.Networks = slices.Compact(slices.Sorted(slices.Values(slices.Concat(k.Networks, fresh))))
	})
}

// meetNetworks keeps which networks there are among accounts.
func (a *Agent) meetNetworks(list []*v1.Lendable) {
	var networks []keyshift.Network
	for _, l := range list {
		networks = append(networks, networkOf(l.GetNetwork()))
	}
	if err := a.reminders.meet(networks...); err != nil {
		a.log.Error("write reminders", "error", err)
	}
}

// Texts lists what there is to read.
func (a *Agent) Texts() []*v1.LocalText {
	var list []*v1.LocalText
	for _, n := range keyshift.Networks() {
		list = append(list, a.text(n))
	}
	return list
}

func (a *Agent) text(n keyshift.Network) *v1.LocalText {
	t, id := network.TermsOf(n), textOf(n)
	m := &v1.LocalText{
		Id: id, Kind: "terms", Network: networkEnum(n), Title: t.Document, Url: t.URL, Version: t.ArchivedAt, Lines: t.Lines,
		ConcernsUser: slices.Contains(a.reminders.read().Networks, n),
	}
	if read, ok := a.outbox.read().Read[id]; ok && read.Version == t.ArchivedAt {
		m.AcknowledgedAt = timestamppb.New(read.At)
	}
	return m
}

var errOtherVersion = keyshift.Invalid(keyshift.CodeFieldInvalid, "This text has another version by now.", "Read the new one.")

// Acknowledge takes note that the user has read one version of a text, and tells the hub now or when it is reached. Saying it
// again changes nothing.
func (a *Agent) Acknowledge(ctx context.Context, id, version string) (*v1.LocalText, error) {
	if _, err := a.tied(); err != nil {
		return nil, err
	}
	n := keyshift.Network(strings.TrimPrefix(id, termsPrefix))
	if !slices.Contains(keyshift.Networks(), n) || textOf(n) != id {
		return nil, keyshift.NotFound("text", id)
	}
	switch now := a.text(n); {
	case now.GetVersion() != version:
		return nil, errOtherVersion
	case now.GetAcknowledgedAt() != nil:
		return now, nil
	}
	read := readText{TextID: id, Version: version, At: a.wall()}
	err := a.outbox.acknowledge(a.newID(), read)
	if err != nil {
		return nil, err
	}
	_ = a.sendSoon(ctx) // what waits is sent later
	a.bell.ring()
	return a.text(n), nil
}
