package pack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/pattern"
)

const (
	maxList = 40
	maxText = 300
)

// checker collects what is wrong with a pack, each with the place in it.
type checker struct{ found []error }

func (c *checker) at(place string, err error) {
	if err != nil {
		c.found = append(c.found, fmt.Errorf("%s: %w", place, err))
	}
}

func (c *checker) need(ok bool, place, text string) {
	if !ok {
		c.found = append(c.found, fmt.Errorf("%s: %s", place, text))
	}
}

// Validate says all that is wrong with a pack; nil if nothing is.
func (p Pack) Validate() error {
	c := &checker{}
	c.need(p.Schema == SchemaVersion, "schema", fmt.Sprintf("is %d, this program knows %d", p.Schema, SchemaVersion))
	c.need(p.Version >= 1, "version", "has to be at least 1")
	c.text("title", p.Title)
	c.network(p)
	c.hosts(p)
	c.fact("fact", p.Fact)
	c.variants(p)
	c.signals(p)
	c.rest(p)
	return errors.Join(c.found...)
}

func (c *checker) network(p Pack) {
	if host, ok := SiteHost(p.Network); ok {
		c.at("network", cleanOnly(host))
		c.need(slices.Contains(p.Hosts, host), "network", "names a host that is not one of hosts")
		return
	}
	c.need(slices.Contains(keyshift.Networks(), keyshift.Network(p.Network)), "network", "is none that is known; a site's begins with site:")
}

func (c *checker) hosts(p Pack) {
	c.need(len(p.Hosts) > 0 && len(p.Hosts) <= maxList, "hosts", fmt.Sprintf("has to name 1 to %d hosts", maxList))
	c.need(len(p.FillHosts) > 0, "fill_hosts", "has to name a host")
	c.need(len(p.CookieDomains) > 0 && len(p.CookieDomains) <= maxList, "cookie_domains", "has to name a domain")
	for _, h := range p.FillHosts {
		c.need(slices.Contains(p.Hosts, h), "fill_hosts", fmt.Sprintf("%q is not one of hosts", h))
	}
	c.names("hosts", p.Hosts, p.CookieDomains)
	c.at("login_url", webAddress(p.LoginURL, p.FillHosts))
	c.at("home_url", webAddress(p.HomeURL, p.Hosts))
}

// names accepts clean hosts, each covered by one of the clean domains.
func (c *checker) names(at string, hosts, domains []string) {
	for _, h := range slices.Concat(hosts, domains) {
		c.at(at, cleanOnly(h))
	}
	for _, h := range hosts {
		c.need(slices.ContainsFunc(domains, func(d string) bool { return h == d || strings.HasSuffix(h, "."+d) }),
			at, fmt.Sprintf("no cookie domain covers %q: its cookies would stay", h))
	}
}

func (c *checker) variants(p Pack) {
	c.need(len(p.Variants) > 0 && len(p.Variants) <= maxList, "variants", "has to hold one")
	seen := map[string]bool{}
	for i, v := range p.Variants {
		at := fmt.Sprintf("variants[%d]", i)
		c.name(at+".id", v.ID)
		c.need(!seen[v.ID], at+".id", "is there twice")
		seen[v.ID] = true
		c.word(at+".kind", string(v.Kind), v.Kind.Values())
		c.match(at+".when", v.When, p)
		c.fact(at+".fact", v.Fact)
		c.need(len(v.Steps) > 0 && len(v.Steps) <= maxList, at+".steps", "has to hold a step")
		for j, s := range v.Steps {
			c.step(fmt.Sprintf("%s.steps[%d]", at, j), s, p)
		}
	}
}

func (c *checker) step(at string, s Step, p Pack) {
	c.name(at+".id", s.ID)
	c.word(at+".kind", string(s.Kind), s.Kind.Values())
	c.match(at+".when", s.When, p)
	c.fact(at+".fact", s.Fact)
	c.selectors(at+".next", s.Next)
	bare := s.Kind == StepChoose || s.Kind == StepHuman || s.Kind == StepApprove
	c.need(bare == (len(s.Fields) == 0), at+".fields", "a step of this kind has fields, or has none")
	for i, f := range s.Fields {
		c.field(fmt.Sprintf("%s.fields[%d]", at, i), f)
	}
}

func (c *checker) field(at string, f Field) {
	c.word(at+".value", string(f.Value), f.Value.Values())
	c.word(at+".shape", string(f.Shape), f.Shape.Values())
	c.need(len(f.Selectors) > 0, at+".selectors", "has to hold a selector")
	c.selectors(at+".selectors", f.Selectors)
	if f.Shape == Boxes {
		c.need(f.Value == Code && f.Boxes >= 4 && f.Boxes <= 8, at+".boxes", "only a code has boxes, 4 to 8 of them")
		return
	}
	c.need(f.Boxes == 0, at+".boxes", "a single input has no boxes")
}

func (c *checker) signals(p Pack) {
	c.need(len(p.Identity) <= maxList, "identity", "is too long")
	for i, s := range p.Identity {
		at := fmt.Sprintf("identity[%d]", i)
		c.name(at+".id", s.ID)
		c.word(at+".kind", string(s.Kind), s.Kind.Values())
		c.word(at+".gives", string(s.Gives), s.Gives.Values())
		c.fact(at+".fact", s.Fact)
		c.pattern(at+".pattern", s.Pattern)
		if s.Kind == Cookie {
			c.text(at+".cookie", s.Cookie)
			c.at(at+".url", webAddress(s.URL, p.Hosts))
			c.need(len(s.Selectors) == 0 && s.Attribute == "", at, "a cookie has no selectors and no attribute")
			continue
		}
		c.need(len(s.Selectors) > 0, at+".selectors", "has to hold a selector")
		c.selectors(at+".selectors", s.Selectors)
		c.need(s.Cookie == "" && s.URL == "", at, "an element has no cookie and no URL")
	}
}

func (c *checker) rest(p Pack) {
	c.need(len(p.Composers) <= maxList && len(p.Guards) <= maxList && len(p.Delegated) <= maxList, "pack", "one of its lists is too long")
	for i, o := range p.Composers {
		at := fmt.Sprintf("composers[%d]", i)
		c.name(at+".id", o.ID)
		c.match(at+".when", o.When, p)
		c.need(len(o.Text) > 0, at+".text", "has to hold a selector")
		c.selectors(at+".text", o.Text)
		c.selectors(at+".send", o.Send)
		c.fact(at+".fact", o.Fact)
	}
	for i, g := range p.Guards {
		at := fmt.Sprintf("guards[%d]", i)
		c.word(at+".class", string(g.Class), g.Class.Values())
		c.match(at+".when", g.When, p)
		c.need(len(g.When.Paths)+len(g.When.Contains) > 0, at+".when", "has to name a path: else every page is guarded")
		c.fact(at+".fact", g.Fact)
	}
	c.at("sign_out.url", webAddress(p.SignOut.URL, p.Hosts))
	c.selectors("sign_out.press", p.SignOut.Press)
	c.fact("sign_out.fact", p.SignOut.Fact)
	for i, e := range p.Delegated {
		at := fmt.Sprintf("delegated[%d]", i)
		c.text(at+".name", e.Name)
		c.at(at+".url", webAddress(e.URL, slices.Concat(p.Hosts, e.Hosts)))
		c.fact(at+".fact", e.Fact)
		c.names(at, e.Hosts, slices.Concat(p.CookieDomains, e.CookieDomains))
	}
}

func (c *checker) match(at string, m Match, p Pack) {
	for _, h := range m.Hosts {
		c.need(slices.Contains(p.Hosts, h), at+".hosts", fmt.Sprintf("%q is not one of hosts", h))
	}
	for _, path := range m.Paths {
		c.need(strings.HasPrefix(path, "/") && len(path) <= maxText, at+".paths", fmt.Sprintf("%q does not begin with /", path))
	}
	for _, part := range m.Contains {
		c.text(at+".contains", part)
	}
	c.selectors(at+".present", m.Present)
	c.selectors(at+".absent", m.Absent)
}

func (c *checker) fact(at string, f Fact) {
	_, err := time.Parse(time.DateOnly, f.MeasuredAt)
	c.need(err == nil, at+".measured_at", "is not a day such as 2026-09-22")
	c.text(at+".source", f.Source)
	c.word(at+".confidence", string(f.Confidence), f.Confidence.Values())
}

func (c *checker) selectors(at string, list []string) {
	c.need(len(list) <= maxList, at, "is too long")
	for _, s := range list {
		c.text(at, s)
		c.need(!strings.ContainsAny(s, "{}<") && balanced(s), at, fmt.Sprintf("%q is not a selector", s))
	}
}

// balanced reports whether brackets and quotation marks are closed; the browser's own parser is stricter.
func balanced(s string) bool {
	return strings.Count(s, "[") == strings.Count(s, "]") && strings.Count(s, "(") == strings.Count(s, ")") && strings.Count(s, `"`)%2 == 0
}

func (c *checker) pattern(at, expr string) {
	if expr == "" {
		return
	}
	if err := pattern.Check(expr); err != nil {
		c.at(at, err)
		return
	}
	c.need(regexp.MustCompile(expr).NumSubexp() <= 1, at, "has more than one group")
}

var names = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`) })

func (c *checker) name(at, s string) {
	c.need(names().MatchString(s), at, "is not a short name in lower case")
}

func (c *checker) word(at, s string, values []string) {
	c.need(slices.Contains(values, s), at, fmt.Sprintf("is %q, not one of %s", s, strings.Join(values, ", ")))
}

func (c *checker) text(at, s string) {
	ok := s != "" && len(s) <= maxText && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, unicode.IsControl)
	c.need(ok, at, fmt.Sprintf("is empty, longer than %d bytes, or holds spaces around it or control characters", maxText))
}
