package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// clean makes text of others safe for a terminal.
func clean(s string) string { return cliout.Clean(s) }

// word is an enum's value as people type it: ACCESS_MODE_SHARED_SECRET is "shared_secret", an unspecified one "".
func word(e protoreflect.Enum) string {
	values := e.Descriptor().Values()
	value := values.ByNumber(e.Number())
	if e.Number() == 0 {
		return ""
	}
	if value == nil {
		return fmt.Sprintf("unknown (%d)", e.Number())
	}
	return strings.ToLower(strings.TrimPrefix(string(value.Name()), enumPrefix(values)))
}

// enumPrefix is what all names of an enum begin with, as its zero tells: ROLE_UNSPECIFIED.
func enumPrefix(values protoreflect.EnumValueDescriptors) string {
	return strings.TrimSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
}

// enumOf reads what a person typed. E is a generated enum.
func enumOf[E interface {
	~int32
	protoreflect.Enum
}](what, text string) (E, error) {
	var none E
	values := none.Descriptor().Values()
	typed := strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(text), "-", "_"))
	if v := values.ByName(protoreflect.Name(enumPrefix(values) + typed)); v != nil && v.Number() != 0 {
		return E(v.Number()), nil
	}
	var known []string
	for i := 1; i < values.Len(); i++ {
		known = append(known, strings.ToLower(strings.TrimPrefix(string(values.Get(i).Name()), enumPrefix(values))))
	}
	return none, keyshift.Invalid(keyshift.CodeFieldInvalid, "There is no "+what+" “"+keyshift.CleanText(text, 40)+"”.", "Use "+orList(known)+".")
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func rolesText(u *v1.User) string {
	var roles []string
	for _, r := range u.GetRoles() {
		roles = append(roles, word(r))
	}
	return strings.Join(roles, ", ")
}

// shown is a user as people speak of one, beginning with the name that commands take: "dana – Dana".
func shown(u *v1.User) string {
	if u.GetDisplayName() == "" {
		return clean(u.GetName())
	}
	return clean(u.GetName()) + " – " + clean(u.GetDisplayName())
}

// holder is the user of a lease in the same way.
func holder(l *v1.Lease) string {
	if l.GetUser() == l.GetUserName() || l.GetUserName() == "" {
		return clean(l.GetUser())
	}
	return shown(&v1.User{Name: l.GetUserName(), DisplayName: l.GetUser()})
}

// named is what has a network and a handle.
type named interface {
	GetNetwork() v1.Network
	GetHandle() string
}

// accountName is how an account is typed: "x/acme".
func accountName(a named) string { return word(a.GetNetwork()) + "/" + clean(a.GetHandle()) }

// splitAccount takes "x/acme" apart.
func splitAccount(text string) (keyshift.Network, string, error) {
	net, handle, ok := strings.Cut(strings.TrimSpace(text), "/")
	handle = strings.TrimPrefix(handle, "@")
	if !ok || handle == "" {
		return "", "", keyshift.Invalid(keyshift.CodeFieldInvalid, "“"+keyshift.CleanText(text, 80)+"” is no name of an account.", "Write network and handle, like x/acme.")
	}
	n, err := keyshift.ParseNetwork(net)
	return n, handle, err
}

// plural counts things: "1 lease", "2 leases".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// moment is a timestamp as a time; absent is zero.
func moment(t *timestamppb.Timestamp) time.Time {
	if t == nil || t.CheckValid() != nil {
		return time.Time{}
	}
	return t.AsTime()
}

// clock writes a moment in the person's zone, "" for none.
func (inv *invocation) clock(t *timestamppb.Timestamp) string {
	if moment(t).IsZero() {
		return ""
	}
	return inv.Clock(moment(t))
}

// day writes the date of a moment in the person's zone, "" for none.
func (inv *invocation) day(t *timestamppb.Timestamp) string {
	if moment(t).IsZero() {
		return ""
	}
	return moment(t).In(inv.now().Location()).Format(time.DateOnly)
}

// stamp writes date and time in the person's zone.
func (inv *invocation) stamp(t *timestamppb.Timestamp) string {
	if moment(t).IsZero() {
		return ""
	}
	return moment(t).In(inv.now().Location()).Format(time.DateTime)
}

// sortedFacts writes facts as "name=value", by name.
func sortedFacts(facts map[string]string) string {
	var list []string
	for name, value := range facts {
		if value != "" {
			list = append(list, name+"="+value)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
