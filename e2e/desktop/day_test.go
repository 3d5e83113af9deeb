//go:build linux

package desktop

import (
	"bytes"
	"crypto/rand"
	"image/color"
	"image/png"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/assets"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/systest"
	"github.com/keyshift-hq/keyshift/internal/systest/realdesk"
)

var randomness = rand.Reader

// TestADayWithTheTray is Dana's first day, from an empty desktop to going home.
func TestADayWithTheTray(t *testing.T) {
	d := newDesk(t)
	d.StartPanel(t)
	d.company()

	// The tray starts the agent, and says so.
	r := d.startTray()
	icon := r.icon()
	d.notified("The agent was not running")
	r.wantTooltip(icon, "This computer is not enrolled yet")
	r.wantIcon(icon, "not-enrolled")
	r.entry(icon, "Enroll this computer…")
	defer d.stopAgent()

	d.enroll()
	r.wantTooltip(icon, "You hold no company account")
	r.wantIcon(icon, "free")
	r.entry(icon, "@acme (X)")
	r.entry(icon, "@shop__of__acme (X)") // an underscore alone would mark a shortcut

	// A lease, its countdown, and the warning before its end with a button that prolongs it.
	d.checkOut("x/acme", 10*time.Minute+12*time.Second)
	r.wantTooltip(icon, "@acme (X): 11 min left")
	r.wantIcon(icon, "held")
	r.wantTooltip(icon, "@acme (X): 10 min left")
	r.wantIcon(icon, "ends-soon")
	warning := d.notified("@acme (X): less than 10 minutes left.")
	if warning.Title != "Almost over" || warning.Urgency != "CRITICAL" {
		t.Errorf("the warning is %+v", warning)
	}
	d.Press(t, warning, "Renew")
	r.wantTooltip(icon, "@acme (X): 15 min left")
	r.wantIcon(icon, "held")

	// Given back by a click.
	r.click(icon, "Check in")
	r.wantTooltip(icon, "You hold no company account")
	d.nothingHeld()

	// Taken back from afar: seen within two seconds.
	if took := r.timeOfRevocation(icon); took > 2*time.Second {
		t.Errorf("the revocation was seen after %v", took)
	}
	d.notified("@acme (X): you are signed out.")

	if err := r.quit(icon); err != nil {
		t.Errorf("the tray ended with %v", err)
	}
	if _, err := d.Item("Keyshift"); err == nil {
		t.Error("the icon is still in the tray")
	}
}

// timeOfRevocation is how long it takes until the tray shows a revocation. One moment in which the machine does something
// else says nothing about the tray, so there are three tries for two seconds.
func (r *tray) timeOfRevocation(icon *realdesk.Item) (took time.Duration) {
	r.t.Helper()
	for try := range 3 {
		lease := r.checkOut("x/acme", time.Hour)
		r.wantTooltip(icon, "@acme (X): 1 h left")
		began := time.Now()
		systest.Do(r.t, r.hub.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_LeaseId{LeaseId: lease.GetId()}, Reason: "off-boarding"})
		r.wantTooltip(icon, "You hold no company account")
		if took = time.Since(began); took <= 2*time.Second {
			break
		}
		r.t.Logf("try %d took %v", try, took)
		r.nothingHeld()
	}
	return took
}

// wantIcon waits for the picture of a state.
func (r *tray) wantIcon(i *realdesk.Item, state string) {
	r.t.Helper()
	want := argb(r.t, assets.Icon(state, true))
	realdesk.Eventually(r.t, "the icon is that of "+state, func() bool {
		_, _, got, err := i.Picture()
		return err == nil && bytes.Equal(got, want)
	})
}

// argb is a picture as the tray wants it.
func argb(t *testing.T, file []byte) []byte {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			out = append(out, c.A, c.R, c.G, c.B)
		}
	}
	return out
}
