package hub

import "github.com/keyshift-hq/keyshift/internal/keyshift"

// affected names whose devices want to know of an audit event at once, because it changes what its users may check out: the
// topic and reference of a wake-up, or nothing. Who holds an account changes too often to be told to everybody who might want
// it: that is asked when somebody looks.
func affected(e keyshift.AuditEvent) (topic, ref string) {
	switch e.Action {
	case keyshift.ActGrantAdded, keyshift.ActGrantRemoved, keyshift.ActGuardsAllowed:
		if e.UserID == "" {
			return TopicGroup, e.Details["group"]
		}
		return TopicUser, string(e.UserID)
	case keyshift.ActPersonalGuard:
		return TopicGroup, e.Details["group"]
	case keyshift.ActMemberAdded, keyshift.ActMemberRemoved, keyshift.ActWorkHoursLifted:
		return TopicUser, string(e.UserID)
	case keyshift.ActAccountUpdated, keyshift.ActCredentialSet, keyshift.ActRiskAccepted, keyshift.ActRiskWithdrawn, keyshift.ActRotated, keyshift.ActAccountRefSet,
		keyshift.ActCustodianAdded, keyshift.ActCustodianRemoved, keyshift.ActWorkBrowserSet:
		return TopicAccount, string(e.AccountID)
	}
	return "", ""
}
