package totp

import (
	"encoding/base32"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	oracle "github.com/pquerna/otp/totp"
)

const (
	secret20 = "12345678901234567890"
	secret32 = "12345678901234567890123456789012"
	secret64 = "1234567890123456789012345678901234567890123456789012345678901234"
)

func uriOf(secret, params string) string {
	return "otpauth://totp/x?secret=" + base32.StdEncoding.EncodeToString([]byte(secret)) + params
}

func parsed(t testing.TB, uri string) Seed {
	t.Helper()
	s, err := ParseURI(uri)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// RFC 6238, appendix B.
func TestCodesOfRFC6238(t *testing.T) {
	sha1 := parsed(t, uriOf(secret20, "&digits=8"))
	sha256 := parsed(t, uriOf(secret32, "&digits=8&algorithm=SHA256"))
	sha512 := parsed(t, uriOf(secret64, "&digits=8&algorithm=SHA512"))
	for _, tt := range []struct {
		unix                 int64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for _, c := range []struct {
			name string
			seed Seed
			want string
		}{{"SHA1", sha1, tt.sha1}, {"SHA256", sha256, tt.sha256}, {"SHA512", sha512, tt.sha512}} {
			if got := c.seed.Code(c.seed.Step(time.Unix(tt.unix, 0))); got != c.want {
				t.Errorf("%s at %d: code %s, want %s", c.name, tt.unix, got, c.want)
			}
		}
	}
}

// RFC 4226, appendix D.
func TestCodesOfRFC4226(t *testing.T) {
	seed := parsed(t, uriOf(secret20, ""))
	for step, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := seed.Code(uint64(step)); got != want {
			t.Errorf("step %d: code %s, want %s", step, got, want)
		}
	}
}

func TestCodesAgreeWithAnotherLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(6238, 4226)) //nolint:gosec // the same cases every time
	names := []string{"SHA1", "SHA256", "SHA512"}
	for range 3000 {
		secret := make([]byte, MinSecret+random.IntN(MaxSecret-MinSecret+1))
		for i := range secret {
			secret[i] = byte(random.Uint32())
		}
		digits, period, algorithm := 6+random.IntN(3), 15+random.IntN(106), random.IntN(3)
		at := time.Unix(random.Int64N(1<<33), random.Int64N(1e9))
		seed := parsed(t, uriOf(string(secret), fmt.Sprintf("&digits=%d&period=%d&algorithm=%s", digits, period, names[algorithm])))
		want, err := oracle.GenerateCodeCustom(base32.StdEncoding.EncodeToString(secret), at, oracle.ValidateOpts{
			Period: uint(period), Digits: otp.Digits(digits), Algorithm: otp.Algorithm(algorithm),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := seed.Code(seed.Step(at)); got != want {
			t.Fatalf("%d bytes, %d digits, %d s, %s at %v: code %s, want %s", len(secret), digits, period, names[algorithm], at, got, want)
		}
	}
}

func TestSteps(t *testing.T) {
	half, minute := parsed(t, uriOf(secret20, "")), parsed(t, uriOf(secret20, "&period=60"))
	for _, tt := range []struct {
		seed      Seed
		at        time.Time
		step      uint64
		end       int64
		endPeriod time.Duration
	}{
		{half, time.Unix(0, 0), 0, 30, 30 * time.Second},
		{half, time.Unix(29, 999_999_999), 0, 30, 30 * time.Second},
		{half, time.Unix(30, 0), 1, 60, 30 * time.Second},
		{minute, time.Unix(59, 0), 0, 60, time.Minute},
		{minute, time.Unix(1_795_000_000, 0), 29916666, 1_795_000_020, time.Minute},
		{half, time.Unix(1_795_000_000, 0).In(time.FixedZone("x", 5400)), 59833333, 1_795_000_020, 30 * time.Second},
		{half, time.Unix(-1, 0), 0, 30, 30 * time.Second},
		{half, time.Time{}, 0, 30, 30 * time.Second},
	} {
		step := tt.seed.Step(tt.at)
		if end := tt.seed.StepEnd(step); step != tt.step || end.Unix() != tt.end || tt.seed.Period() != tt.endPeriod {
			t.Errorf("%v: step %d until %d, want %d until %d", tt.at, step, end.Unix(), tt.step, tt.end)
		}
	}
}

func TestStepEndIsTheFirstMomentOfTheNextStep(t *testing.T) {
	for _, period := range []int{15, 30, 45, 120} {
		seed := parsed(t, uriOf(secret20, fmt.Sprintf("&period=%d", period)))
		step := seed.Step(time.Unix(1_795_000_000, 0))
		end := seed.StepEnd(step)
		if got := seed.Step(end); got != step+1 {
			t.Errorf("%d s: step at the end = %d, want %d", period, got, step+1)
		}
		if got := seed.Step(end.Add(-time.Nanosecond)); got != step {
			t.Errorf("%d s: step just before the end = %d, want %d", period, got, step)
		}
	}
}

func TestZeroSeed(t *testing.T) {
	var s Seed
	if !s.IsZero() || s.Code(1) != "" || s.Step(time.Unix(100, 0)) != 0 || !s.StepEnd(1).IsZero() || s.Period() != 0 || s.Marshal() != nil {
		t.Error("zero Seed is not empty")
	}
	if parsed(t, uriOf(secret20, "")).IsZero() {
		t.Error("a real Seed calls itself zero")
	}
}

func TestSeedNeverPrints(t *testing.T) {
	s := parsed(t, uriOf(secret20, ""))
	type inner struct {
		s Seed
		p *Seed
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		if got := fmt.Sprintf(verb, s); got != redacted {
			t.Errorf("%s prints %s", verb, got)
		}
		fmt.Fprintf(&out, verb+verb+verb+"\n", []Seed{s}, inner{s, &s}, &inner{s, &s})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "s", s, "in", inner{s, &s})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "s", s, "in", struct{ S Seed }{s})
	for _, form := range []string{"%s", "%x", "%X", "%v", "%#v"} {
		if strings.Contains(out.String(), strings.Trim(fmt.Sprintf(form, []byte(secret20)), "[]")) {
			t.Errorf("printed the secret as %s", form)
		}
	}
	if strings.Contains(out.String(), base32.StdEncoding.EncodeToString([]byte(secret20))) {
		t.Error("printed the secret as Base32")
	}
	if got, err := json.Marshal(map[string]any{"s": s}); err == nil {
		t.Errorf("marshals to JSON: %s", got)
	}
	if got, err := xml.Marshal(s); err == nil {
		t.Errorf("marshals to XML: %s", got)
	}
}

func BenchmarkCode(b *testing.B) {
	seed := parsed(b, uriOf(secret20, ""))
	b.ReportAllocs()
	for b.Loop() {
		seed.Code(59833333)
	}
}
