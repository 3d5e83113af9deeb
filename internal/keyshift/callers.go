package keyshift

import "strconv"

// CallerKind says what kind of OS user tried to reach an agent that is not theirs. It names nobody.
type CallerKind string

// The kinds of refused callers.
const (
	// CallerAdmin is root or SYSTEM.
	CallerAdmin CallerKind = "admin"
	// CallerService is an account that belongs to a service.
	CallerService CallerKind = "service"
	// CallerUser is another person's account.
	CallerUser CallerKind = "user"
	// CallerUnknown is somebody whom the OS did not name.
	CallerUnknown CallerKind = "unknown"
	// CallerSquatter had something of their own in the place of the agent's socket, pipe or files.
	CallerSquatter CallerKind = "squatter"
)

// CallerKinds are all kinds, in the order in which they are told.
var CallerKinds = []CallerKind{CallerAdmin, CallerService, CallerUser, CallerUnknown, CallerSquatter}

// RefusedCallers counts refused callers by their kind. Nil is none.
type RefusedCallers map[CallerKind]int64

// maxRefused is the largest count that is told: more is as bad as this many.
const maxRefused = 1_000_000

// Add counts one more. A nil RefusedCallers cannot be added to.
func (r RefusedCallers) Add(kind CallerKind) { r[kind] = min(r[kind]+1, maxRefused) }

// Facts gives the counts for an audit event, and how many there are in all. Kinds that do not exist and counts that cannot
// be are left out.
func (r RefusedCallers) Facts() (facts map[string]string, total int64) {
	facts = map[string]string{}
	for _, kind := range CallerKinds {
		if n := min(r[kind], maxRefused); n > 0 {
			facts[string(kind)] = strconv.FormatInt(n, 10)
			total += n
		}
	}
	return facts, total
}
