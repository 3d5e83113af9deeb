package keyshift

// PersonalRule is whether the members of a group are told, in their personal browser, that they use a personal account
// during work hours.
type PersonalRule string

// The rules. Without any word it is off; forbidden outweighs on, whichever groups say it.
const (
	PersonalOn        PersonalRule = "on"
	PersonalForbidden PersonalRule = "forbidden"
)

// PersonalGuard is the rule of one group, and why it is so.
type PersonalGuard struct {
	Group string
	Rule  PersonalRule
	Note  string
}

// SignOuts are how signing out at a network may have gone.
func SignOuts() []string { return []string{"done", "failed", "not_possible"} }

// Limits of insider words.
const (
	MaxInsiderWords    = 1000
	MaxInsiderPatterns = 50
	MaxInternalHosts   = 50
	// MaxPhrase is how many parts a phrase has at most.
	MaxPhrase = 3
)
