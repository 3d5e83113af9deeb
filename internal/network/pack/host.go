package pack

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// sitePrefix begins the network of a site that an admin added.
const sitePrefix = "site:"

// SiteNetwork is the network of the pack of a site that an admin added.
func SiteNetwork(host string) string { return sitePrefix + host }

// SiteHost gives the host of a site that an admin added; false for the networks that Keyshift knows.
func SiteHost(network string) (string, bool) { return strings.CutPrefix(network, sitePrefix) }

// profile maps what people type to what a browser asks for: lower case, and "xn--" for other letters.
var profile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.BidiRule())

// CleanHost reads the exact name of a host as an admin types it, and gives it as browsers write it. Addresses, names
// with a port or a path, names without a dot, and names under which strangers get theirs ("co.uk") are refused.
func CleanHost(typed string) (string, error) {
	host := strings.TrimSpace(typed)
	if strings.ContainsAny(host, "/:@?#*[]% ") {
		return "", fmt.Errorf("%q is not a host: give the name alone, as in news.example.com", typed)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "", fmt.Errorf("%q is an address: give the name of a host", typed)
	}
	ascii, err := profile.ToASCII(host)
	if err != nil {
		return "", fmt.Errorf("read host %q: %w", typed, err)
	}
	return ascii, checkName(ascii)
}

func checkName(host string) error {
	if host == "" || len(host) > 253 || strings.HasSuffix(host, ".") {
		return fmt.Errorf("%q is not the name of a host", host)
	}
	labels := strings.Split(host, ".")
	if len(labels) < 2 || slices.Contains(labels, "") || strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return fmt.Errorf("%q is not the full name of a host", host)
	}
	if suffix, _ := publicsuffix.PublicSuffix(host); suffix == host {
		return fmt.Errorf("%q is a name under which anybody gets a name: give the host itself", host)
	}
	return nil
}

// cleanOnly accepts a host only in the spelling of [CleanHost].
func cleanOnly(host string) error {
	clean, err := CleanHost(host)
	if err != nil {
		return err
	}
	if clean != host {
		return fmt.Errorf("write host %q as %q", host, clean)
	}
	return nil
}

// webAddress accepts an https URL without user, port and fragment, on one of the hosts.
func webAddress(address string, hosts []string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("an address cannot be read") // the parser's error repeats it
	}
	if u.Scheme != "https" || u.User != nil || u.Port() != "" || u.Fragment != "" || u.Opaque != "" {
		return fmt.Errorf("%q is not an https address without user, port and fragment", address)
	}
	if !slices.Contains(hosts, u.Hostname()) {
		return fmt.Errorf("%q is on a host that the pack does not list", address)
	}
	return nil
}

// Fills reports whether a login may be filled on a page of this origin ("https://x.com"): https, the default port, and
// exactly one of the pack's FillHosts.
func (p Pack) Fills(origin string) bool { return onHost(origin, p.FillHosts) }

// Knows reports whether an origin is one of the pack's Hosts, over https.
func (p Pack) Knows(origin string) bool { return onHost(origin, p.Hosts) }

func onHost(origin string, hosts []string) bool {
	host, https := strings.CutPrefix(origin, "https://")
	return https && slices.Contains(hosts, host)
}
