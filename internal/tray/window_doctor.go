package tray

import (
	"fmt"
	"strconv"
	"strings"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Doctor is the window with the agent's findings.
type Doctor struct {
	Well     bool
	Title    string
	Findings []Finding
	// Report is everything as text, to be handed to an admin.
	Report string
}

// Finding is one of them.
type Finding struct {
	OK      bool
	Subject string
	Text    string
	Mend    string
}

// DoctorOf puts findings into words: what is wrong first.
func DoctorOf(c i18n.Catalog, got *v1.LocalServiceDiagnoseResponse) Doctor {
	var bad, good []Finding
	var report strings.Builder
	for _, f := range got.GetFindings() {
		one := Finding{OK: f.GetOk(), Subject: keyshift.CleanText(f.GetSubject(), 60), Text: keyshift.CleanText(f.GetText(), 400)}
		if f.GetMend() != "" {
			one.Mend = c.Text("doctor_mend", keyshift.CleanText(f.GetMend(), 200))
		}
		fmt.Fprintf(&report, "%s: %s %s %s\n", one.Subject, map[bool]string{true: "ok", false: f.GetCode()}[one.OK], one.Text, f.GetMend())
		if one.OK {
			good = append(good, one)
		} else {
			bad = append(bad, one)
		}
	}
	d := Doctor{Well: len(bad) == 0, Title: c.Text("doctor_well"), Findings: append(bad, good...), Report: report.String()}
	if !d.Well {
		d.Title = c.Text("doctor_unwell", strconv.Itoa(len(bad)))
	}
	return d
}
