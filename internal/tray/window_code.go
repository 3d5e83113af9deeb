package tray

import (
	"math"
	"strconv"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// codeStep is how long a one-time code lasts as a whole (RFC 6238).
const codeStep = 30 * time.Second

// OneTimeCode is the window with a one-time code. The code is in memory only, and gone once it is over.
type OneTimeCode struct {
	// Digits is the code in groups that can be read: "123 456"; empty once it is over.
	Digits string
	// Plain is the code as it is pasted.
	Plain string
	Left  time.Duration
	// Part is what is left of the code's time, 0 to 1.
	Part float64
	// Seconds is Left in words.
	Seconds string
}

// CodeOf shows a code at a moment.
func CodeOf(c i18n.Catalog, got *v1.LocalServiceGetCodeResponse, now time.Time) OneTimeCode {
	left := got.GetValidUntil().AsTime().Sub(now)
	if got.GetCode() == "" || left <= 0 {
		return OneTimeCode{}
	}
	left = min(left, codeStep)
	return OneTimeCode{
		Digits: grouped(got.GetCode()), Plain: got.GetCode(), Left: left, Part: float64(left) / float64(codeStep),
		Seconds: c.Text("code_seconds", strconv.Itoa(int(math.Ceil(left.Seconds())))),
	}
}

// grouped puts a space into the middle of a code of six or eight digits.
func grouped(code string) string {
	if n := len(code); n == 6 || n == 8 {
		return code[:n/2] + " " + code[n/2:]
	}
	return code
}
