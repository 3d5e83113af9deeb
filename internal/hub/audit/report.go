package audit

import (
	"fmt"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Report is what a verification saw.
type Report struct {
	HubID keyshift.ID
	// Key is the public key that all checkpoints were checked with, in the form of signed-note tools. KeyTrusted says
	// that it was given as trusted; otherwise it came with the log itself.
	Key        string
	KeyTrusted bool
	// Head is the head that was to be proven; zero for a log without events.
	Head checkpoint.Head
	// From is the first index that was looked at.
	From int64
	// Events were read without finding anything wrong; those before Proven are proven by a signed checkpoint.
	Events, Proven int64
	// Checkpoints fitted and were signed by the key, Witnesses fitted too.
	Checkpoints, Witnesses int64
	// Erased events have their personal facts no more, only the hash.
	Erased int64
	// Problem is the first thing that is wrong, nil when the log is whole.
	Problem *Problem
}

// Text says the result for people, in lines.
func (r Report) Text() string {
	var b strings.Builder
	if r.Problem != nil {
		fmt.Fprintf(&b, "The audit log is NOT in order: %s.\n%s\n%s\n", r.Problem.Kind, r.Problem.Detail, r.provenText())
	} else {
		fmt.Fprintf(&b, "The audit log is in order: %s.\n", r.wholeText())
	}
	if r.HubID != "" {
		fmt.Fprintf(&b, "Hub: %s\n", keyshift.CleanText(string(r.HubID), 100))
	}
	if r.Key != "" {
		fmt.Fprintf(&b, "Key: %s%s\n", keyshift.CleanText(r.Key, 200), r.keyText())
	}
	if r.Problem == nil {
		b.WriteString(r.witnessText() + "\n")
	}
	return b.String()
}

func (r Report) wholeText() string {
	if r.Head.Size == 0 {
		return "it has no events yet"
	}
	text := fmt.Sprintf("%s, %s, root %s", count(r.Events, "event"), count(r.Checkpoints, "checkpoint"), r.Head.Root)
	if r.From > 0 {
		text = fmt.Sprintf("the newest part from event %d on, %s", r.From, text)
	}
	if r.Erased > 0 {
		text += fmt.Sprintf("; the personal facts of %s are erased", count(r.Erased, "event"))
	}
	return text
}

func (r Report) provenText() string {
	if r.Proven <= r.From {
		return "No event is proven by a signed checkpoint."
	}
	text := eventsText(r.From, r.Proven)
	return strings.ToUpper(text[:1]) + text[1:] + " fit a signed checkpoint."
}

func (r Report) keyText() string {
	if r.KeyTrusted {
		return " (trusted)"
	}
	return " (as the log itself says: compare it with a device or a backup)"
}

func (r Report) witnessText() string {
	if r.Witnesses == 0 {
		return "No device's checkpoint was given: a hub that signs anew what it rewrote would not be noticed."
	}
	return fmt.Sprintf("Checkpoints of devices that fit: %d.", r.Witnesses)
}

func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
