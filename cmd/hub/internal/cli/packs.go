package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

type packCmd struct {
	List    packListCmd    `cmd:"" default:"1" help:"List the site packs in force."`
	Show    packShowCmd    `cmd:"" help:"Write the site pack in force for a network, to start from."`
	Lint    packLintCmd    `cmd:"" help:"Read a site pack as strictly as devices do. Nothing is sent anywhere."`
	Diff    packDiffCmd    `cmd:"" help:"Show what a site pack would change."`
	Publish packPublishCmd `cmd:"" help:"Sign a site pack and give it to all devices."`
}

type packListCmd struct{}

// Run lists the packs in force.
func (c *packListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Packs.ListSitePacks, &v1.ListSitePacksRequest{})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			rows := [][]string{{"NETWORK", "VERSION", "PUBLISHED", "BY"}}
			for _, p := range answer.GetPacks() {
				rows = append(rows, []string{clean(p.GetNetwork()), strconv.FormatInt(p.GetVersion(), 10), inv.publishedText(p), publisherText(p)})
			}
			cliout.Table(w, rows)
			fmt.Fprintln(w, "The embedded packs come from stored public material: confirm one on a real account before you rely on it.")
		})
	})
}

func publisherText(p *v1.SitePack) string {
	if byHub(p) {
		return "the hub"
	}
	return clean(p.GetPublishedBy())
}

func (inv *invocation) publishedText(p *v1.SitePack) string {
	switch {
	case p.GetWithdrawn():
		return "withdrawn " + inv.day(p.GetPublishedAt())
	case p.GetPublishedAt() == nil:
		return "embedded"
	}
	return inv.day(p.GetPublishedAt())
}

type packShowCmd struct {
	Network string `arg:"" help:"The network: x, facebook, instagram, pinterest, or site:HOST."`
}

// Run writes a pack with one field in a line.
func (c *packShowCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		p, err := packInForce(ctx, hub, c.Network)
		if err != nil {
			return err
		}
		text, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			return fmt.Errorf("write site pack: %w", err)
		}
		return inv.Value(p, func(w io.Writer) { fmt.Fprintln(w, string(text)) })
	})
}

func packInForce(ctx context.Context, hub *hubclient.Admin, network string) (pack.Pack, error) {
	answer, err := hubclient.Call(ctx, hub.Packs.GetSitePack, &v1.GetSitePackRequest{Network: network})
	if err != nil {
		return pack.Pack{}, err
	}
	if answer.GetPack().GetWithdrawn() {
		return pack.Pack{}, keyshift.NotFound("site pack", network)
	}
	p, err := pack.Parse(answer.GetPack().GetPack())
	if err != nil {
		return p, keyshift.Refuse(keyshift.CodeIntegrityFailed, "The hub's site pack cannot be read.", "Update keyshift-hub.").Because(err)
	}
	return p, nil
}

type packLintCmd struct {
	File string `arg:"" help:"The site pack, as JSON."`
}

// Run reads a pack.
func (c *packLintCmd) Run(_ context.Context, inv *invocation) error {
	p, err := readPack(c.File)
	if err != nil {
		return err
	}
	data, err := p.Encode()
	if err != nil {
		return badPack(c.File, err)
	}
	return inv.Value(map[string]any{"network": p.Network, "version": p.Version, "bytes": len(data)}, func(w io.Writer) {
		fmt.Fprintf(w, "%s version %d is valid: %s, %d of %d bytes.\n", clean(p.Network), p.Version, plural(int64(len(p.Variants)), "variant"), len(data), pack.MaxBytes)
		if n := unsure(p); n > 0 {
			fmt.Fprintf(w, "%s of low confidence: confirm them on a real account before you rely on them.\n", plural(int64(n), "fact"))
		}
	})
}

// readPack reads a pack from a file, and says all that is wrong with it.
func readPack(file string) (pack.Pack, error) {
	f, err := os.Open(file)
	if err != nil {
		return pack.Pack{}, keyshift.Invalid(api.CodeUsage, "The file "+clean(file)+" cannot be read.", "Check the path.").Because(err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, 4*pack.MaxBytes)) // with room for indentation
	if err != nil {
		return pack.Pack{}, keyshift.Invalid(api.CodeUsage, "The file "+clean(file)+" cannot be read.", "Check the path.").Because(err)
	}
	p, err := pack.Parse(compact(data))
	if err != nil {
		return p, badPack(file, err)
	}
	return p, nil
}

// compact takes the indentation out of JSON; what is none is left for the parser to refuse.
func compact(data []byte) []byte {
	var b strings.Builder
	if err := compactInto(&b, data); err != nil {
		return data
	}
	return []byte(b.String())
}

func badPack(file string, err error) error {
	text := "The site pack " + clean(file) + " is not valid:"
	for line := range strings.Lines(err.Error()) {
		text += "\n  " + cliout.Clean(strings.TrimSpace(line))
	}
	return keyshift.Invalid(keyshift.CodeFieldInvalid, text,
		"docs/site-packs.md tells what stands in one; internal/network/pack/schema.json is for editors.")
}

// unsure counts facts of low confidence.
func unsure(p pack.Pack) (n int) {
	for _, line := range flat(p) {
		if strings.HasSuffix(line.path, ".confidence") && line.value == `"low"` {
			n++
		}
	}
	return n
}

type packDiffCmd struct {
	File string `arg:"" help:"The site pack, as JSON."`
}

// Run compares a pack with the one in force.
func (c *packDiffCmd) Run(ctx context.Context, inv *invocation) error {
	p, err := readPack(c.File)
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		before, err := packInForce(ctx, hub, p.Network)
		if err != nil {
			return err
		}
		changes := compare(before, p)
		return inv.Value(changes, func(w io.Writer) {
			for _, host := range p.FillHosts {
				if !slices.Contains(before.FillHosts, host) {
					fmt.Fprintf(w, "! Logins would be filled on a new host: %s\n", clean(host))
				}
			}
			for _, change := range changes {
				fmt.Fprintln(w, cliout.Clean(change))
			}
			if len(changes) == 0 {
				fmt.Fprintln(w, "Nothing would change.")
			}
			if p.Version <= before.Version {
				fmt.Fprintf(w, "! Version %d is not higher than %d, which is in force: it would be refused.\n", p.Version, before.Version)
			}
		})
	})
}

type packPublishCmd struct {
	File string `arg:"" help:"The site pack, as JSON."`
}

// Run publishes a pack.
func (c *packPublishCmd) Run(ctx context.Context, inv *invocation) error {
	p, err := readPack(c.File)
	if err != nil {
		return err
	}
	data, err := p.Encode()
	if err != nil {
		return badPack(c.File, err)
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Packs.PublishSitePack, &v1.PublishSitePackRequest{Pack: data})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "%s version %d is published. Connected devices have it within a minute.\n", clean(answer.GetPack().GetNetwork()), answer.GetPack().GetVersion())
		})
	})
}
