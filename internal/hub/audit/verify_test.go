package audit

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestVerifyNamesTheFirstBadEvent(t *testing.T) {
	for _, tt := range tamperings {
		t.Run(tt.name, func(t *testing.T) {
			f := newFile(t)
			tt.tamper(f)
			r, err := verify(f.bytes(), trusted)
			wantProblem(t, r, err, &Problem{Kind: tt.kind, Index: tt.index, From: tt.from, To: tt.to})
		})
	}
}

func wantProblem(t *testing.T, r Report, err error, want *Problem) {
	t.Helper()
	if !errors.Is(err, want.Kind) || r.Problem == nil {
		t.Fatalf("Verify = %+v, %v, want %v", r.Problem, err, want.Kind)
	}
	if got := r.Problem; got.Index != want.Index || got.From != want.From || got.To != want.To {
		t.Errorf("named %d in [%d, %d), want %d in [%d, %d)", got.Index, got.From, got.To, want.Index, want.From, want.To)
	}
	text := r.Text()
	if !strings.Contains(text, "NOT in order") || !strings.Contains(text, want.Kind.Error()) || r.Problem.Detail == "" || !strings.Contains(text, r.Problem.Detail) {
		t.Errorf("text does not say what is wrong:\n%s", text)
	}
}

func TestUntouchedFileVerifies(t *testing.T) {
	f := newFile(t)
	f.renumber()
	f.edit(7, true, func(*eventLine) {})
	if r, err := verify(f.bytes(), trusted); err != nil {
		t.Fatalf("%v\n%s", err, r.Text())
	}
}

func TestMissingCheckpointCostsOnlyPrecision(t *testing.T) {
	f := newFile(t)
	f.remove(f.mark(10))
	if r, err := verify(f.bytes(), trusted); err != nil || r.Checkpoints != 3 {
		t.Errorf("%d checkpoints, %v, want 3", r.Checkpoints, err)
	}
}

func TestReportSaysHowMuchIsProven(t *testing.T) {
	f := newFile(t)
	f.edit(13, false, otherAccount)
	r, err := verify(f.bytes(), trusted)
	if !errors.Is(err, ErrChanged) || r.Events != 13 || r.Proven != 10 || r.Checkpoints != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, want := range []string{"Event 13 does not give the hash", "Events 0 to 9 fit a signed checkpoint.", string(testHub), "(trusted)"} {
		if !strings.Contains(r.Text(), want) {
			t.Errorf("text lacks %q:\n%s", want, r.Text())
		}
	}
}

func TestReportOfAWholeLog(t *testing.T) {
	m := newLog(t, 7)
	erase(m, 3)
	r, err := verify(export(t, m), Trust{Witness: []string{noteOf(t, m, 5)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"The audit log is in order: 7 events, 2 checkpoints, root ", "the personal facts of 1 event are erased", "(as the log itself says", "Checkpoints of devices that fit: 1.",
	} {
		if !strings.Contains(r.Text(), want) {
			t.Errorf("text lacks %q:\n%s", want, r.Text())
		}
	}
	if r, err = verify(export(t, m), trusted); err != nil || !strings.Contains(r.Text(), "No device's checkpoint was given") {
		t.Errorf("%v\n%s", err, r.Text())
	}
}

func TestVerifyHoldsTheLogAgainstTrust(t *testing.T) {
	b := export(t, newLog(t, 7))
	thief := testKey("thief")
	for _, tt := range []struct {
		name    string
		trust   Trust
		want    error
		trusted bool
	}{
		{"nothing", Trust{}, nil, false},
		{"hub", Trust{HubID: testHub}, nil, false},
		{"key", Trust{PublicKey: hubPublic}, nil, true},
		{"both", trusted, nil, true},
		{"other hub", Trust{HubID: "another", PublicKey: hubPublic}, ErrTrust, false},
		{"other key", Trust{HubID: testHub, PublicKey: ed25519.PublicKey(thief[32:])}, ErrTrust, false},
		{"short key", Trust{HubID: testHub, PublicKey: hubPublic[:31]}, ErrTrust, false},
		{"witness signed by another", Trust{Witness: []string{signed(t, headOf(t, newLog(t, 7), 5), thief)}}, ErrTrust, false},
		{"witness that is none", Trust{Witness: []string{"x"}}, ErrTrust, false},
	} {
		if r, err := verify(b, tt.trust); !errors.Is(err, tt.want) || r.KeyTrusted != tt.trusted {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// A hub that rewrites its history and signs it anew passes every check but that of its witnesses.
func TestWitnessesNoticeWhatTheHubSignsAnew(t *testing.T) {
	honest := newLog(t, 20)
	for _, tt := range []struct {
		name     string
		log      *memory
		witness  []int64
		want     error
		from, to int64
	}{
		{"nothing rewritten", honest, []int64{20, 3, 5, 5}, nil, 0, 0},
		{"rewritten, no witness", forgedLog(t, 20, 12), nil, nil, 0, 0},
		{"rewritten after all witnesses", forgedLog(t, 20, 12), []int64{5, 12}, nil, 0, 0},
		{"rewritten between two", forgedLog(t, 20, 12), []int64{20, 15, 10, 5}, ErrWitness, 10, 15},
		{"rewritten before the first", forgedLog(t, 20, 2), []int64{5, 10}, ErrWitness, 0, 5},
		{"rewritten after the last checkpoint", forgedLog(t, 20, 19), []int64{15, 20}, ErrWitness, 15, 20},
		{"newest part gone", newLog(t, 15), []int64{10, 15, 17, 20}, ErrWitness, 15, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			trust := trusted
			for _, size := range tt.witness {
				trust.Witness = append(trust.Witness, noteOf(t, honest, size))
			}
			offline, err := verify(export(t, tt.log), trust)
			live, liveErr := VerifyStore(t.Context(), tt.log.reader(), trust)
			if tt.want != nil {
				wantProblem(t, offline, err, &Problem{Kind: tt.want, Index: tt.from, From: tt.from, To: tt.to})
				wantProblem(t, live, liveErr, &Problem{Kind: tt.want, Index: tt.from, From: tt.from, To: tt.to})
			} else if err != nil || liveErr != nil || offline.Witnesses != int64(len(tt.witness)) {
				t.Errorf("%d witnesses, %v, %v", offline.Witnesses, err, liveErr)
			}
		})
	}
}

func TestVerifyStopsAtTheFirstProblem(t *testing.T) {
	lines := exportLines(t, newLog(t, 1000))
	lines[3] = strings.Replace(lines[3], "account", "Account", 1)
	left := strings.NewReader(strings.Join(lines, ""))
	whole := left.Len()
	if _, err := Verify(left, trusted); err == nil {
		t.Fatal("no error")
	}
	if read := whole - left.Len(); read > 64<<10 {
		t.Errorf("read %d of %d bytes for a problem in the first kilobyte", read, whole)
	}
}

// endless is a file of one line that does not end.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	if e.read > 4*maxLine {
		return 0, errFull
	}
	return copy(b, bytes.Repeat([]byte("a"), len(b))), nil
}

func TestVerifyGivesUpOnAnEndlessLine(t *testing.T) {
	header := exportLines(t, newLog(t, 7))[0]
	for _, begin := range []string{"", header} {
		r, err := Verify(io.MultiReader(strings.NewReader(begin), &endless{}), trusted)
		if !errors.Is(err, ErrFormat) {
			t.Errorf("after %d bytes: %v, %v, want ErrFormat", len(begin), r.Problem, err)
		}
	}
}

func TestVerifyGivesReadErrorsAsTheyAre(t *testing.T) {
	b := export(t, newLog(t, 7))
	for _, n := range []int{0, 100, len(b)} {
		r, err := Verify(io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(errFull)), trusted)
		if !errors.Is(err, errFull) || r.Problem != nil {
			t.Errorf("after %d bytes: %v, %v, want %v", n, r.Problem, err, errFull)
		}
	}
	if _, err := Verify(iotest.OneByteReader(bytes.NewReader(b)), trusted); err != nil {
		t.Errorf("one byte at a time: %v", err)
	}
}

// Whatever is done to single bytes and lines: with a trusted key, either it is noticed, or nothing that counts was
// touched: the signature lines that others may add, the personal facts, a checkpoint between.
func TestNoChangeGoesUnnoticed(t *testing.T) {
	whole := export(t, newLog(t, 20))
	rapid.Check(t, func(rt *rapid.T) {
		b := bytes.Clone(whole)
		i := rapid.IntRange(0, len(b)-1).Draw(rt, "byte")
		if bit := rapid.IntRange(0, 8).Draw(rt, "bit"); bit < 8 {
			b[i] ^= 1 << bit
		} else {
			b = append(b[:i], b[i+1:]...)
		}
		if r, err := verify(b, trusted); err == nil {
			rt.Fatalf("byte %d changed, and verified: %+v", i, r)
		}
	})
}

func FuzzVerify(f *testing.F) {
	m := newLog(f, 12)
	whole := export(f, m)
	lines := exportLines(f, m)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(strings.Join(append(lines[:4:4], lines[5:]...), "")))
	f.Add([]byte(lines[0]))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := verify(b, trusted)
		if err != nil {
			if len(r.Text()) == 0 {
				t.Fatal("no text")
			}
			return
		}
		if r.Head.Size > 12 || r.Head != headOf(t, m, r.Head.Size) || r.Events != r.Head.Size || r.Proven != r.Head.Size {
			t.Fatalf("verified what the hub never signed: %+v", r)
		}
	})
}

func BenchmarkVerify10000(b *testing.B) {
	m := newMemory()
	m.commit(testEvents(10_000)...)
	sequence(b, m, pageSize)
	whole := export(b, m)
	for b.Loop() {
		if _, err := verify(whole, trusted); err != nil {
			b.Fatal(err)
		}
	}
}
