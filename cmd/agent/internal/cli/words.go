package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// network is the domain's word for a network of the contract, a number for one of a later version. The name is from the plain
// map, because String makes the tables of the whole contract.
func network(n v1.Network) keyshift.Network {
	name := cmp.Or(v1.Network_name[int32(n)], strconv.Itoa(int(n)))
	return keyshift.Network(strings.ToLower(strings.TrimPrefix(name, "NETWORK_")))
}

// named is what has a network and a handle: a lease or a lendable account.
type named interface {
	GetNetwork() v1.Network
	GetHandle() string
}

// accountName is how an account is typed: "x/acme".
func accountName(a named) string { return string(network(a.GetNetwork())) + "/" + clean(a.GetHandle()) }

// accountTitle is how an account is spoken of: "@acme on X", "@acme on news.example.com".
func accountTitle(a named) string {
	n, handle := network(a.GetNetwork()), clean(a.GetHandle())
	return "@" + keyshift.ShownHandle(n, handle) + " on " + keyshift.ShownNetwork(n, handle)
}

// clean makes text of others safe for a terminal.
func clean(s string) string { return cliout.Clean(s) }

var modes = map[v1.AccessMode]string{
	v1.AccessMode_ACCESS_MODE_DELEGATED:     "your own login",
	v1.AccessMode_ACCESS_MODE_SHARED_SECRET: "lent login",
	v1.AccessMode_ACCESS_MODE_BREAK_GLASS:   "emergency login",
}

// timeLeft writes a duration as a countdown says it: "1 h 5 min", "23 min", "45 s". It is rounded to minutes: an hour
// that has just begun is an hour.
func timeLeft(d time.Duration) string {
	if d <= 0 {
		return "none"
	}
	if seconds := int((d + time.Second - 1) / time.Second); seconds < 60 {
		return fmt.Sprintf("%d s", seconds)
	}
	d = max(d.Round(time.Minute), time.Minute)
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case hours == 0:
		return fmt.Sprintf("%d min", minutes)
	case minutes == 0:
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%d h %d min", hours, minutes)
}

// parseDuration reads what a person gives as a duration.
func parseDuration(s string) (time.Duration, error) {
	d, err := parseLength(s)
	if err == nil && (d < keyshift.MinDuration || d > keyshift.MaxDurationLimit) {
		return 0, keyshift.Invalid(keyshift.CodeDurationInvalid, "Accounts are lent for 1 minute up to 24 hours, depending on the account.", "Write a duration like 45m, 2h or 1h30m.")
	}
	return d, err
}

// parseLength reads a length of time of which the agent knows the bounds.
func parseLength(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.ReplaceAll(strings.TrimSpace(s), " ", ""))
	if err != nil {
		return 0, keyshift.Invalid(keyshift.CodeDurationInvalid, "“"+keyshift.CleanText(s, 40)+"” is no duration.", "Write it like 45m, 2h or 1h30m.")
	}
	return d, nil
}
