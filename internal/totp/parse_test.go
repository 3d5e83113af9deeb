package totp

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pquerna/otp"
)

// b32 is secret20 in Base32.
const b32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

const canonical = "otpauth://totp/keyshift?secret=" + b32 + "&algorithm=SHA1&digits=6&period=30"

func TestSecretsAsPeoplePasteThem(t *testing.T) {
	for _, text := range []string{
		b32,
		strings.ToLower(b32),
		"GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
		" gezd gnbv gy3t qojq\tgezd\ngnbv\r\ngy3t qojq \n",
		"GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ",
		"GEZD\u00a0GNBV\u00a0GY3TQOJQGEZDGNBVGY3TQOJQ\u2003",
		b32 + "========",
		b32 + " = = ",
	} {
		seed, err := ParseSecret(text)
		if err != nil || string(seed.Marshal()) != canonical {
			t.Errorf("ParseSecret(%q) = %s, %v", text, seed.Marshal(), err)
		}
		inURI := strings.NewReplacer("\t", "%09", "\n", "%0A", "\r", "%0D").Replace(text)
		seed, err = ParseURI("otpauth://totp/x?secret=" + inURI)
		if err != nil || string(seed.Marshal()) != canonical {
			t.Errorf("ParseURI with %q = %s, %v", text, seed.Marshal(), err)
		}
	}
}

func TestSecretsOfEveryLength(t *testing.T) {
	for n := range 220 {
		tail := n % 8
		want := n >= 16 && n <= 205 && tail != 1 && tail != 3 && tail != 6
		_, err := ParseSecret(strings.Repeat("A", n))
		if (err == nil) != want || !want && !errors.Is(err, ErrSecret) {
			t.Errorf("%d characters: err = %v, accepted should be %v", n, err, want)
		}
	}
}

func TestParseURIAccepts(t *testing.T) {
	for _, tt := range []struct{ uri, want string }{
		{"otpauth://totp/x?secret=" + b32, canonical},
		{"  otpauth://totp/x?secret=" + b32 + "\n", canonical},
		{"OTPAUTH://TOTP/x?secret=" + b32, canonical},
		{"otpauth://totp/X:%40acme?secret=" + b32 + "&issuer=X&image=https%3A%2F%2Fx.example", canonical},
		{"otpauth://totp/X: @acme of X?issuer=X&secret=" + b32, canonical},
		{"otpauth://totp?secret=" + b32, canonical},
		{"otpauth://totp/?secret=" + b32 + "&algorithm=sha1&digits=6&period=30", canonical},
		{"otpauth://totp/x?period=60&digits=8&algorithm=SHA512&secret=" + b32, strings.NewReplacer("SHA1", "SHA512", "=6", "=8", "=30", "=60").Replace(canonical)},
		{"otpauth://totp/x?algorithm=Sha256&period=15&digits=7&secret=" + b32, strings.NewReplacer("SHA1", "SHA256", "=6", "=7", "=30", "=15").Replace(canonical)},
		{"otpauth://totp/x?period=120&secret=" + b32, strings.Replace(canonical, "=30", "=120", 1)},
	} {
		seed, err := ParseURI(tt.uri)
		if err != nil || string(seed.Marshal()) != tt.want {
			t.Errorf("ParseURI(%q) = %s, %v, want %s", tt.uri, seed.Marshal(), err, tt.want)
		}
	}
}

func TestParseURIRefuses(t *testing.T) {
	with := func(params string) string { return "otpauth://totp/x?secret=" + b32 + params }
	for _, tt := range []struct {
		uri  string
		want error
	}{
		{"", ErrURI},
		{b32, ErrURI},
		{"https://totp/x?secret=" + b32, ErrURI},
		{"otpauth:totp?secret=" + b32, ErrURI},
		{"otpauth:///totp?secret=" + b32, ErrURI},
		{"otpauth://motp/x?secret=" + b32, ErrURI},
		{"otpauth://totp:80/x?secret=" + b32, ErrURI},
		{"otpauth://dana@totp/x?secret=" + b32, ErrURI},
		{"otpauth://to\ntp/x?secret=" + b32, ErrURI},
		{"otpauth://totp/%zz?secret=" + b32, ErrURI},
		{with("&issuer=%zz"), ErrURI},
		{with(";digits=6"), ErrURI},
		{with("&issuer=" + strings.Repeat("x", maxURI)), ErrURI},
		{"otpauth-migration://offline?data=" + b32, ErrURI},
		{"otpauth://hotp/x?counter=1&secret=" + b32, ErrCounter},
		{"otpauth://HOTP/x?counter=1&secret=" + b32, ErrCounter},
		{"otpauth://totp/x", ErrSecret},
		{"otpauth://totp/x?secret=", ErrSecret},
		{"otpauth://totp/x?Secret=" + b32, ErrSecret},
		{"otpauth://totp/x?secret=" + b32[:15], ErrSecret},
		{"otpauth://totp/x?secret=0189" + b32, ErrSecret},
		{"otpauth://totp/x?secret=GEZDGNBV=GY3TQOJQGEZDGNBV", ErrSecret},
		{"otpauth://totp/x?secret=" + b32 + "%00", ErrSecret},
		{"otpauth://totp/x?secret=" + b32 + "%C5%BF", ErrSecret}, // a long s, which upper-cases to S
		{with("&secret=" + b32), ErrSecret},
		{with("&algorithm=MD5"), ErrAlgorithm},
		{with("&algorithm="), ErrAlgorithm},
		{with("&algorithm=SHA1&algorithm=SHA256"), ErrAlgorithm},
		{with("&digits=5"), ErrDigits},
		{with("&digits=9"), ErrDigits},
		{with("&digits=six"), ErrDigits},
		{with("&digits="), ErrDigits},
		{with("&digits=06"), ErrDigits},
		{with("&digits=%2B6"), ErrDigits},
		{with("&digits=-6"), ErrDigits},
		{with("&digits=6&digits=8"), ErrDigits},
		{with("&digits=99999999999999999999"), ErrDigits},
		{with("&period=0"), ErrPeriod},
		{with("&period=14"), ErrPeriod},
		{with("&period=121"), ErrPeriod},
		{with("&period=30s"), ErrPeriod},
		{with("&period=30.0"), ErrPeriod},
		{with("&period=-30"), ErrPeriod},
	} {
		seed, err := ParseURI(tt.uri)
		if !errors.Is(err, tt.want) || !seed.IsZero() {
			t.Errorf("ParseURI(%.80q): err = %v, want %v", tt.uri, err, tt.want)
		}
	}
}

func TestErrorsNeverRepeatTheInput(t *testing.T) {
	const canary = "JBSWY3DPEHPK3PXPCANARY"
	for _, uri := range []string{
		canary, canary + "://totp", "otpauth://" + canary, "otpauth://totp/x?secret=" + canary + "1",
		"otpauth://totp/x?secret=%zz" + canary, "otpauth://totp/x\n?secret=" + canary, "otpauth://[" + canary,
		"otpauth://totp/x?digits=" + canary + "&secret=" + b32, "otpauth://totp/x?period=" + canary + "&secret=" + b32,
		"otpauth://totp/x?algorithm=" + canary + "&secret=" + b32, "otpauth://hotp/x?secret=" + canary,
	} {
		_, uriErr := ParseURI(uri)
		_, secretErr := ParseSecret(uri)
		_, bytesErr := Unmarshal([]byte(uri))
		for _, err := range []error{uriErr, secretErr, bytesErr} {
			if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "CANARY") {
				t.Errorf("%q: err = %v, want one without the input", uri, err)
			}
		}
	}
}

func TestMarshaledSeedComesBack(t *testing.T) {
	want := parsed(t, "otpauth://totp/X:acme?secret=gezd gnbv gy3t qojq gezd gnbv gy3t qojq&digits=8&period=45&algorithm=sha256")
	got, err := Unmarshal(want.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Marshal()) != string(want.Marshal()) || got.Code(1234) != want.Code(1234) || got.Period() != want.Period() {
		t.Errorf("came back as %s, was %s", got.Marshal(), want.Marshal())
	}
	key, err := otp.NewKeyFromURL(string(want.Marshal()))
	if err != nil || key.Secret() != b32 || key.Digits() != otp.DigitsEight || key.Period() != 45 || key.Algorithm() != otp.AlgorithmSHA256 {
		t.Errorf("another library reads %s as %v, %v", want.Marshal(), key, err)
	}
}

func TestUnmarshalTakesOnlyWhatMarshalGives(t *testing.T) {
	for _, b := range []string{
		"", " " + canonical, canonical + "\n", strings.ToLower(canonical), canonical + "&issuer=X",
		"otpauth://totp/x?secret=" + b32, strings.Replace(canonical, "keyshift", "other", 1),
	} {
		if seed, err := Unmarshal([]byte(b)); !errors.Is(err, ErrURI) || !seed.IsZero() {
			t.Errorf("Unmarshal(%q): err = %v, want ErrURI", b, err)
		}
	}
}

// FuzzParseURI looks for input that parses into a seed which does not survive
// sealing, or has codes of the wrong form.
func FuzzParseURI(f *testing.F) {
	f.Add(canonical)
	f.Fuzz(func(t *testing.T, uri string) {
		seed, err := ParseURI(uri)
		if err != nil {
			if !seed.IsZero() || len(err.Error()) > 120 {
				t.Errorf("ParseURI = %v, %v", seed, err)
			}
			return
		}
		again, err := Unmarshal(seed.Marshal())
		if err != nil || string(again.Marshal()) != string(seed.Marshal()) {
			t.Errorf("%s comes back as %s, %v", seed.Marshal(), again.Marshal(), err)
		}
		parts := seed.reveal()
		code := seed.Code(59833333)
		if len(code) != parts.digits || strings.Trim(code, "0123456789") != "" || code != again.Code(59833333) {
			t.Errorf("code %q, again %q", code, again.Code(59833333))
		}
		if len(parts.secret) < MinSecret || len(parts.secret) > MaxSecret {
			t.Errorf("secret of %d bytes", len(parts.secret))
		}
	})
}
