package main

import (
	"cmp"
	"crypto/rand"
	"time"

	"github.com/keyshift-hq/keyshift/cmd/agent/internal/early"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// begin gives the question that was asked before the program was ready, and what makes names for check-outs: the first is that
// of this question.
func begin() (*localclient.Begun, func() string) {
	newID := func() string { return string(keyshift.NewID(time.Now(), rand.Reader)) }
	q := early.Begun()
	if q == nil {
		return nil, newID
	}
	return localclient.NewBegun(q.Path, q.Procedure, q.Message, q.Conn), func() string { return cmp.Or(q.RequestID, newID()) }
}
