package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type reportsCmd struct {
	List reportsListCmd `cmd:"" default:"withargs" help:"List what users reported under “I made a mistake”, the newest first."`
}

// lateReport is after how long it matters that a report was written earlier.
const lateReport = 5 * time.Minute

// cleanLine makes a line of a report safe for a terminal; a report is read whole.
func cleanLine(line string) string { return keyshift.CleanText(line, keyshift.MaxMistake) }

type reportsListCmd struct {
	Limit int `default:"100" placeholder:"N" help:"Show the newest N; 0 shows all."`
}

// Run lists self-reports.
func (c *reportsListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		reports, more, err := collect(hub.EachSelfReport(ctx), c.Limit)
		if err != nil {
			return err
		}
		err = inv.Message(&v1.ListSelfReportsResponse{Reports: reports}, func(w io.Writer) {
			if len(reports) == 0 {
				fmt.Fprintln(w, "Nobody has reported a mistake. People do that with keyshift-agent mistake, and nobody is blamed for it.")
			}
			for i, r := range reports {
				if i > 0 {
					fmt.Fprintln(w)
				}
				inv.sayReport(w, r)
			}
		})
		if more {
			inv.Note("There are more than these newest %d: --limit 0 shows all.", c.Limit)
		}
		return err
	})
}

func (inv *invocation) sayReport(w io.Writer, r *v1.SelfReport) {
	about := ""
	switch {
	case r.GetHandle() != "":
		about = " about " + accountName(r)
	case r.GetAbout() != "":
		about = " about “" + clean(r.GetAbout()) + "”"
	}
	fmt.Fprintf(w, "%s  %s%s, on %s\n", inv.stamp(r.GetReportedAt()), holder(&v1.Lease{User: r.GetUser(), UserName: r.GetUserName()}), about, clean(r.GetDevice()))
	if noticed := moment(r.GetNoticedAt()); !noticed.IsZero() && moment(r.GetReportedAt()).Sub(noticed) > lateReport {
		fmt.Fprintf(w, "  written %s, and brought when the device was in reach\n", inv.stamp(r.GetNoticedAt()))
	}
	for line := range strings.SplitSeq(r.GetText(), "\n") {
		fmt.Fprintln(w, "  "+cleanLine(line))
	}
}
