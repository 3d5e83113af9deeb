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
	// Site is any site that an admin added by its exact host. The handle of an account there is "name@host".
	Site Network = "site"
)

// Networks lists the social networks in the order in which they are shown; [Site] is none of them.
func Networks() []Network { return []Network{X, Facebook, Instagram, Pinterest} }

// ParseNetwork reads a network's name in any case.
func ParseNetwork(s string) (Network, error) {
	for _, n := range append(Networks(), Site) {
		if strings.EqualFold(s, string(n)) {
			return n, nil
		}
	}
	return "", Invalid(CodeFieldInvalid, "There is no network "+quote(s)+".", "Use x, facebook, instagram or pinterest, or site for one that an admin added.")
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
	case Site:
		return "Site"
	}
	return string(n)
}

// PackName is the network of the site pack that says how the pages of an account look: the network itself, or "site:" and the
// host of an added site.
func (a Account) PackName() string { return PackName(a.Network, a.Handle) }

// PackName is [Account.PackName] for a network and a handle.
func PackName(n Network, handle string) string {
	if n != Site {
		return string(n)
	}
	_, host, _ := strings.Cut(handle, "@")
	return "site:" + host
}

// ShownHandle is a handle as people at the network know it: of an account of a site the name without the host.
func ShownHandle(n Network, handle string) string {
	if n != Site {
		return handle
	}
	name, _, _ := strings.Cut(handle, "@")
	return name
}

// ShownNetwork is what people call the network of an account: its title, or the host of a site.
func ShownNetwork(n Network, handle string) string {
	if _, host, ok := strings.Cut(handle, "@"); ok && n == Site {
		return host
	}
	return n.Title()
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
