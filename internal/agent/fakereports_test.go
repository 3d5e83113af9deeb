package agent

import (
	"context"
	"sync"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// told is what a fake hub heard of its users: each thing once for its request id, and how often it was said.
type told struct {
	mu       sync.Mutex
	mistakes []*v1.ReportMistakeRequest
	reads    []*v1.AcknowledgeRequest
	said     map[string]int
	counts   map[string]int64 // the largest, by day and kind
	deaf     bool             // what is said is kept, and answered with an error
	untaken  bool             // counts are not kept
	refusal  error            // what is said is refused
}

// hear takes a request, and reports whether it is new.
func (h *told) hear(request string) (fresh bool, err error) {
	if h.said == nil {
		h.said = map[string]int{}
	}
	if h.refusal != nil {
		return false, h.refusal
	}
	h.said[request]++
	if h.deaf {
		err = keyshift.Refuse(keyshift.CodeUnavailable, "Not now.", "")
	}
	return h.said[request] == 1, err
}

func (h *told) with(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

func (h *fakeHub) ReportMistake(_ context.Context, q *v1.ReportMistakeRequest) (*v1.ReportMistakeResponse, error) {
	h.told.mu.Lock()
	defer h.told.mu.Unlock()
	fresh, err := h.told.hear(q.GetRequestId())
	if fresh {
		h.told.mistakes = append(h.told.mistakes, q)
	}
	return &v1.ReportMistakeResponse{}, err
}

func (h *fakeHub) Acknowledge(_ context.Context, q *v1.AcknowledgeRequest) (*v1.AcknowledgeResponse, error) {
	h.told.mu.Lock()
	defer h.told.mu.Unlock()
	fresh, err := h.told.hear(q.GetRequestId())
	if fresh {
		h.told.reads = append(h.told.reads, q)
	}
	return &v1.AcknowledgeResponse{}, err
}

// takeCounts keeps counts as the hub does.
func (h *told) takeCounts(list []*v1.ReminderCount) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.untaken {
		return false
	}
	if h.counts == nil {
		h.counts = map[string]int64{}
	}
	for _, c := range list {
		h.counts[c.GetKind()+" shown"] = max(h.counts[c.GetKind()+" shown"], c.GetShown())
		h.counts[c.GetKind()+" answered"] = max(h.counts[c.GetKind()+" answered"], c.GetAnswered())
	}
	return true
}
