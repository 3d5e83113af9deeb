package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/greeting"
	"github.com/keyshift-hq/keyshift/internal/hub/server"
)

// greet says where the hub is and how to become its first owner.
func (cmd serveCmd) greet(ctx context.Context, io console, s *server.Server) error {
	code, err := s.FirstOwnerCode(ctx)
	if err != nil {
		return err
	}
	g := greeting.Greeting{Name: s.Hub.Name(), URL: s.URL(), Key: s.KeyText(), Code: code}
	if code != "" && !shows(io.out) {
		if g.Path, err = s.KeepFirstOwnerCode(code); err != nil {
			return fmt.Errorf("keep code of the first owner: %w", err)
		}
	}
	return g.Say(io.out)
}

// shows reports whether what is written is seen by a person, and kept by nobody.
func shows(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && cliout.IsTerminal(f)
}
