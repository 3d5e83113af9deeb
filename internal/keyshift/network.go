package keyshift

import "strings"

// Network is a social network. The zero value is none.
type Network string

// The networks.
const (
	X         Network = "x"
	Facebook  Network = "facebook"
	Instagram Network = "instagram"
	Pinterest Network = "pinterest"
)

// Networks lists all networks in the order in which they are shown.
func Networks() []Network { return []Network{X, Facebook, Instagram, Pinterest} }

// ParseNetwork reads a network's name in any case.
func ParseNetwork(s string) (Network, error) {
	for _, n := range Networks() {
		if strings.EqualFold(s, string(n)) {
			return n, nil
		}
	}
	return "", Invalid(CodeFieldInvalid, "There is no network "+quote(s)+".", "Use x, facebook, instagram or pinterest.")
}

// Title is the network's name as it writes it itself.
func (n Network) Title() string {
	switch n {
	case X:
		return "X"
	case Facebook:
		return "Facebook"
	case Instagram:
		return "Instagram"
	case Pinterest:
		return "Pinterest"
	}
	return string(n)
}

// ForbidsSharing reports whether the network's terms forbid sharing or collecting passwords. Lending the login of an
// account there needs a recorded risk acceptance. For X no such clause was found; see the terms in package network.
func (n Network) ForbidsSharing() bool { return n == Facebook || n == Instagram || n == Pinterest }

// DefaultAccessMode is the access mode that the network's terms suggest.
func (n Network) DefaultAccessMode() AccessMode {
	if n.ForbidsSharing() {
		return Delegated
	}
	return SharedSecret
}
