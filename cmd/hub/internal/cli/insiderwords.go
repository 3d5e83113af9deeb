package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type wordsCmd struct {
	List   wordsListCmd   `cmd:"" default:"1" help:"List the insider words."`
	Add    wordsAddCmd    `cmd:"" help:"Add words, patterns or internal hosts that no draft should have."`
	Remove wordsRemoveCmd `cmd:"" help:"Take some away."`
}

type wordsListCmd struct{}

// Run lists the words.
func (c *wordsListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.ListInsiderWords, &v1.ListInsiderWordsRequest{})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			if len(answer.GetWords()) == 0 {
				fmt.Fprintf(w, "There are no insider words. Add some: %s words add \"project zephyr\"\n", Name)
				return
			}
			rows := [][]string{{"KIND", "TEXT"}}
			for _, word := range answer.GetWords() {
				rows = append(rows, wordRow(word))
			}
			cliout.Table(w, rows)
		})
	})
}

func wordRow(w *v1.InsiderWord) []string {
	switch {
	case w.GetPattern() != "":
		return []string{"pattern", clean(w.GetPattern())}
	case w.GetHost() != "":
		return []string{"host", clean(w.GetHost())}
	}
	return []string{"word", clean(w.GetWord())}
}

// wordFlags name words, patterns and hosts.
type wordFlags struct {
	Words   []string `arg:"" optional:"" help:"Words or phrases of up to three words."`
	Pattern []string `placeholder:"EXPR" sep:"none" help:"A regular expression, with an end to every repetition, like ACME-\\d{4,6}."`
	Host    []string `placeholder:"HOST" sep:"none" help:"An internal host to which no post should link."`
}

func (f wordFlags) messages() ([]*v1.InsiderWord, error) {
	var list []*v1.InsiderWord
	for _, w := range f.Words {
		list = append(list, &v1.InsiderWord{Word: w})
	}
	for _, p := range f.Pattern {
		list = append(list, &v1.InsiderWord{Pattern: p})
	}
	for _, h := range f.Host {
		list = append(list, &v1.InsiderWord{Host: h})
	}
	if len(list) == 0 {
		return nil, keyshift.Invalid(api.CodeUsage, "No word, pattern or host is named.", "Give words, --pattern EXPR or --host HOST.")
	}
	return list, nil
}

type wordsAddCmd struct{ wordFlags }

// Run adds words.
func (c *wordsAddCmd) Run(ctx context.Context, inv *invocation) error {
	words, err := c.messages()
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.AddInsiderWords, &v1.AddInsiderWordsRequest{Words: words})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "%d of %d were new. Connected devices have them within a minute: words as hashes, patterns and hosts as they are.\n", answer.GetAdded(), len(words))
		})
	})
}

type wordsRemoveCmd struct{ wordFlags }

// Run takes words away.
func (c *wordsRemoveCmd) Run(ctx context.Context, inv *invocation) error {
	words, err := c.messages()
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.RemoveInsiderWords, &v1.RemoveInsiderWordsRequest{Words: words})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "%d of %d were there and are removed.\n", answer.GetRemoved(), len(words))
		})
	})
}
