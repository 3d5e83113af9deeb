package agent

import (
	"strings"

	"google.golang.org/protobuf/proto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// said is one thing that a message tells the hub: the key of the text that says it (package i18n), and the account that it
// is about.
type said struct{ text, account string }

// words says what the messages of one method tell. fields are all that a message has: a field that is not among them has no
// words, and a test refuses it.
type words struct {
	fields []string
	say    func(*Agent, proto.Message) []said
}

// sentWords has every method of the hub that the agent can call. request_id names one effect and tells nothing.
var sentWords = map[string]words{
	"Enroll":             {[]string{"code", "device_id", "device_name", "os", "agent_version", "signing_key", "sealing_key"}, always("sent_enroll")},
	"Sync":               {[]string{"checkpoint", "countersignature", "agent_version", "rollback_known", "reminder_counts"}, saySync},
	"Watch":              {nil, always("sent_watch")},
	"AwaitNews":          {[]string{"wait"}, always("sent_watch")},
	"ListLendable":       {[]string{"page_size", "page_token", "handle"}, always("sent_list_accounts")},
	"CheckOut":           {[]string{"account_id", "reason", "duration"}, sayCheckOut},
	"Activate":           {[]string{"lease_id"}, ofLease("sent_activate")},
	"Renew":              {[]string{"lease_id", "duration"}, ofLease("sent_renew")},
	"CheckIn":            {append([]string{"lease_id", "cause", "receipt"}, receiptFields...), sayCheckIn},
	"Report":             {append([]string{"receipts"}, receiptFields...), sayReport},
	"GetCode":            {[]string{"lease_id"}, ofLease("sent_code")},
	"NoteReveal":         {[]string{"lease_id"}, ofLease("sent_reveal")},
	"NoteRefusedCallers": {[]string{"by_admin", "by_service", "by_user", "by_unknown", "place_taken"}, always("sent_refused_callers")},
	"ReportMistake":      {[]string{"text", "lease_id", "account", "noticed_at"}, always("sent_mistake")},
	"Acknowledge":        {[]string{"text_id", "version"}, always("sent_acknowledge")},
	"GetBrowserPolicy":   {[]string{"known", "network", "version"}, always("sent_browser_policy")},
	"AskRelay":           {[]string{"lease_id"}, ofLease("sent_relay_asked")},
	"AnswerRelay":        {[]string{"relay_id", "sealed_code"}, always("sent_relay_answered")},
	"TakeRelay":          {[]string{"relay_id"}, always("sent_relay_taken")},
	"NoteGuardHit":       {[]string{"lease_id", "class", "allowed"}, ofLease("sent_guard_hit")},
	"NoteDraftChecks":    {[]string{"lease_id", "hits"}, ofLease("sent_draft")},
	"Unenroll":           {nil, always("sent_unenroll")},
}

var receiptFields = []string{"lease_id", "step", "wipe_failure", "session_unconfirmed", "browser_pending", "sign_out"}

// saidOf says what a message tells. One without words would be a mistake of ours; it is kept under its method's name, so
// that nothing leaves unseen.
func (a *Agent) saidOf(method string, m proto.Message) []said {
	w, ok := sentWords[method]
	if !ok {
		return []said{{text: method}}
	}
	return w.say(a, m)
}

func always(text string) func(*Agent, proto.Message) []said {
	return func(*Agent, proto.Message) []said { return []said{{text: text}} }
}

// ofLease is for messages that name a lease.
func ofLease(text string) func(*Agent, proto.Message) []said {
	return func(a *Agent, m proto.Message) []said {
		named, _ := m.(interface{ GetLeaseId() string })
		return []said{{text, a.accountOfLease(named.GetLeaseId())}}
	}
}

func (a *Agent) accountOfLease(id string) string {
	if rec, ok := a.journal.byLease(id); ok {
		return "@" + rec.Lease.GetHandle()
	}
	return ""
}

func saySync(_ *Agent, m proto.Message) []said {
	all := []said{{text: "sent_sync"}}
	q, _ := m.(*v1.SyncRequest)
	if q.GetCheckpoint() != "" {
		all = append(all, said{text: "sent_checkpoint"})
	}
	if len(q.GetReminderCounts()) > 0 {
		all = append(all, said{text: "sent_reminder_counts"})
	}
	return all
}

// sayCheckOut names the account as the user did.
func sayCheckOut(a *Agent, m proto.Message) []said {
	q, _ := m.(*v1.CheckOutRequest)
	s := said{text: "sent_check_out"}
	if rec, ok := a.journal.get(q.GetRequestId()); ok && rec.Account != rec.AccountID {
		s.account = "@" + strings.ToLower(handleOf(strings.TrimSpace(rec.Account)))
	}
	return []said{s}
}

func sayCheckIn(a *Agent, m proto.Message) []said {
	q, _ := m.(*v1.CheckInRequest)
	return append([]said{{"sent_check_in", a.accountOfLease(q.GetLeaseId())}}, a.sayReceipt(q.GetReceipt())...)
}

func sayReport(a *Agent, m proto.Message) (all []said) {
	q, _ := m.(*v1.ReportRequest)
	for _, r := range q.GetReceipts() {
		all = append(all, a.sayReceipt(r)...)
	}
	return all
}

var receiptTexts = map[v1.RemovalStep]string{
	v1.RemovalStep_REMOVAL_STEP_DELIVERED: "sent_delivered", v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED: "sent_wiped",
	v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED: "sent_closed",
}

func (a *Agent) sayReceipt(r *v1.Receipt) []said {
	account := a.accountOfLease(r.GetLeaseId())
	if r.GetWipeFailure() != "" {
		return []said{{"sent_wipe_failed", account}}
	}
	var all []said
	if text, ok := receiptTexts[r.GetStep()]; ok {
		all = append(all, said{text, account})
	}
	if r.GetBrowserPending() {
		all = append(all, said{"sent_browser_pending", account})
	}
	return all
}
