package cli

import (
	"context"
	"fmt"
	"io"
)

// Version says which program this is.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

type versionCmd struct{}

func (cmd *versionCmd) Run(_ context.Context, inv *invocation) error {
	v := inv.Version
	return inv.value(v, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "%s %s (%s) %s/%s, %s\n", Name, v.Version, v.Commit, v.OS, v.Arch, v.Go)
	})
}
