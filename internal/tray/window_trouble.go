package tray

import (
	"slices"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Trouble is something that did not work, as a window shows it: what happened, what to do, and the button that mends it.
type Trouble struct {
	Code   keyshift.Code
	Text   string
	Hint   string
	Offers []Offer
}

// TroubleOf explains an error in the user's language where there are words for its code, otherwise in those that came
// with it. nil for nil.
func TroubleOf(c i18n.Catalog, err error, now time.Time) *Trouble {
	e := Explain(err)
	if e == nil {
		return nil
	}
	text, hint := words(c, e, now)
	t := &Trouble{Code: e.Code, Text: keyshift.CleanText(text, 400), Hint: keyshift.CleanText(hint, 400)}
	t.Offers = mend(c, t)
	return t
}

// OwnWords are what an error itself says, for one whose code says too little.
func OwnWords(err error) string {
	e := Explain(err)
	if e == nil {
		return ""
	}
	return keyshift.CleanText(strings.TrimSpace(e.Text+" "+e.Hint), 400)
}

// TroubleOfInfo is TroubleOf for an error inside an answer.
func TroubleOfInfo(c i18n.Catalog, info *v1.ErrorInfo, now time.Time) *Trouble {
	if info == nil {
		return nil
	}
	return TroubleOf(c, &keyshift.Error{Code: keyshift.Code(info.GetCode()), Text: info.GetText(), Hint: info.GetHint(), Facts: info.GetFacts()}, now)
}

// words finds text and hint of an error. Those of its code are better than those that came with it, because they are in
// the user's language, unless they want facts that are not there.
func words(c i18n.Catalog, e *keyshift.Error, now time.Time) (text, hint string) {
	key := "error_" + string(e.Code)
	if !has(c, key) {
		return e.Text, e.Hint
	}
	holder, until := Name(e.Facts["holder"]), moment(c, e.Facts["until"], now)
	switch begin, longest := moment(c, e.Facts["begin"], now), keyshift.CleanText(e.Facts["max"], 20); {
	case e.Code == keyshift.CodeAccountInUse && (holder == "" || until == ""):
		return e.Text, e.Hint
	case e.Code == keyshift.CodeAccountInUse:
		return c.Text(key, holder, until), c.Text("hint_account_in_use", holder)
	case e.Code == keyshift.CodeOutsideHours && begin != "":
		text = c.Text("refused_hours_until", begin)
	case e.Code == keyshift.CodeDurationInvalid && longest != "":
		text = c.Text("refused_duration_max", longest)
	default:
		text = c.Text(key)
	}
	return text, c.Text("hint_" + string(e.Code))
}

func has(c i18n.Catalog, key string) bool { return c.Text(key) != "<"+key+">" }

// moment writes a fact that is a moment, "" if it is none.
func moment(c i18n.Catalog, fact string, now time.Time) string {
	at, err := time.Parse(time.RFC3339, fact)
	if err != nil {
		return ""
	}
	return Clock(c, at, now)
}

// forAdmins are the codes that only an admin can mend: what helps is to hand them the words.
var forAdmins = []keyshift.Code{
	keyshift.CodeAccountDisabled, keyshift.CodeAccessModeRefused, keyshift.CodeRiskNotAccepted, keyshift.CodeCredentialMissing,
	keyshift.CodeGrantMissing, keyshift.CodeOutsideHours, keyshift.CodeDeviceNotTrusted, keyshift.CodeUserInactive,
	keyshift.CodeAuditUnavailable, keyshift.CodePeerRefused, keyshift.CodeHubIdentityChanged, keyshift.CodeRollbackDetected,
}

// mend gives the buttons that help, the most helpful first.
func mend(c i18n.Catalog, t *Trouble) []Offer {
	again := Offer{Text: c.Text("win_try_again"), Action: Action{Verb: Again}, Main: true}
	doctor := Offer{Text: c.Text("button_diagnostics"), Action: show(WindowDiagnostics, "")}
	switch t.Code {
	case keyshift.CodeAgentNotRunning:
		return []Offer{{Text: c.Text("button_start_agent"), Action: Action{Verb: StartAgent}, Main: true}}
	case keyshift.CodeNotEnrolled:
		return []Offer{{Text: c.Text("button_enroll"), Action: show(WindowEnroll, ""), Main: true}}
	case keyshift.CodeAlreadyEnrolled:
		return []Offer{{Text: c.Text("button_show_accounts"), Action: show(WindowHome, ""), Main: true}}
	case keyshift.CodeReasonInvalid:
		return []Offer{{Text: c.Text("button_edit_reason"), Action: Action{Verb: EditReason}, Main: true}}
	case keyshift.CodeDurationInvalid:
		return []Offer{{Text: c.Text("button_edit_duration"), Action: Action{Verb: EditDuration}, Main: true}}
	case keyshift.CodeLeaseOver, keyshift.CodeNotFound:
		return []Offer{{Text: c.Text("button_show_accounts"), Action: show(WindowHome, ""), Main: true}}
	case keyshift.CodeClockSuspect, keyshift.CodeOffline:
		return []Offer{{Text: c.Text("button_ask_hub"), Action: Action{Verb: AskHub}, Main: true}, doctor}
	case keyshift.CodeAccountInUse, keyshift.CodeCodeReleased, keyshift.CodeRateLimited, keyshift.CodeCodeInvalid:
		return []Offer{again}
	}
	if slices.Contains(forAdmins, t.Code) {
		return []Offer{{Text: c.Text("button_copy_for_admin"), Action: Action{Verb: Copy, Text: t.Text + " (" + string(t.Code) + ")"}, Main: true}, again}
	}
	return []Offer{again, doctor}
}
