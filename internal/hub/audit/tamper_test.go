package audit

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// file is an export of 20 events, with checkpoints after 5, 10 and 15, and the head in its first line.
type file struct {
	t     *testing.T
	lines []string
}

func newFile(t *testing.T) *file {
	lines := exportLines(t, newLog(t, 20))
	lines[len(lines)-1] += "\n"
	return &file{t, lines}
}

// at is the line of an event, mark that of a checkpoint.
func (f *file) at(index int) int  { return 1 + index + index/5 }
func (f *file) mark(size int) int { return size + size/5 }

// edit changes an event; rehash also writes the hash that then belongs to it.
func (f *file) edit(index int, rehash bool, change func(*eventLine)) {
	f.t.Helper()
	l, err := decodeLine[eventLine]([]byte(f.lines[f.at(index)]))
	if err != nil {
		f.t.Fatal(err)
	}
	f.lines[f.at(index)] = f.encode(l, rehash, change)
}

func (f *file) encode(l eventLine, rehash bool, change func(*eventLine)) string {
	f.t.Helper()
	change(&l)
	if e, err := l.event(); err != nil {
		f.t.Fatal(err)
	} else if rehash {
		l.Hash = tlog.RecordHash(e.Leaf())
	}
	b, err := encodeLine(l)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

func (f *file) remove(line int) { f.lines = slices.Delete(f.lines, line, line+1) }

// renumber gives the events the indexes in which they stand now.
func (f *file) renumber() {
	n := int64(0)
	for i, line := range f.lines {
		if l, err := decodeLine[eventLine]([]byte(line)); err == nil && strings.HasPrefix(line, `{"index"`) {
			f.lines[i] = f.encode(l, false, func(l *eventLine) { l.Index = n })
			n++
		}
	}
}

func (f *file) replace(line int, old, new string) {
	f.t.Helper()
	if !strings.Contains(f.lines[line], old) {
		f.t.Fatalf("line %d has no %q", line, old)
	}
	f.lines[line] = strings.Replace(f.lines[line], old, new, 1)
}

func (f *file) note(note string) string {
	b, err := encodeLine(checkpointLine{note})
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

func (f *file) header(head string) string {
	f.t.Helper()
	b, err := encodeLine(headerLine{exportFormat, testHub, hubPublic, head})
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

func (f *file) bytes() []byte { return []byte(strings.Join(f.lines, "")) }

func otherAccount(l *eventLine) { l.AccountID = "account-99" }

// Each tampering of the file, and the first bad event (or the range in which it must be) that has to be named.
var tamperings = []struct {
	name     string
	tamper   func(f *file)
	kind     error
	index    int64
	from, to int64
}{
	{"changed field", func(f *file) { f.edit(7, false, otherAccount) }, ErrChanged, 7, 7, 8},
	{"changed detail", func(f *file) { f.edit(8, false, func(l *eventLine) { l.Details["minutes"] = "9" }) }, ErrChanged, 8, 8, 9},
	{"changed time", func(f *file) { f.replace(f.at(7), ".000007Z", ".000008Z") }, ErrChanged, 7, 7, 8},
	{"changed leaf hash", func(f *file) { f.edit(7, false, func(l *eventLine) { l.Hash[0] ^= 1 }) }, ErrChanged, 7, 7, 8},
	{"changed personal hash", func(f *file) { f.edit(9, false, func(l *eventLine) { l.PersonalHash = strings.Repeat("0", 64) }) }, ErrChanged, 9, 9, 10},
	{"first event changed", func(f *file) { f.edit(0, false, otherAccount) }, ErrChanged, 0, 0, 1},
	{"last event changed", func(f *file) { f.edit(19, false, otherAccount) }, ErrChanged, 19, 19, 20},
	{"two events changed", func(f *file) { f.edit(13, false, otherAccount); f.edit(4, false, otherAccount) }, ErrChanged, 4, 4, 5},
	{"changed name", func(f *file) { f.edit(9, false, func(l *eventLine) { l.Personal["user"] = "lee" }) }, ErrPersonal, 9, 9, 10},
	{"changed salt", func(f *file) { f.edit(9, false, func(l *eventLine) { l.Salt[0] ^= 1 }) }, ErrPersonal, 9, 9, 10},
	{"name added", func(f *file) { f.edit(8, false, func(l *eventLine) { l.Personal = map[string]string{"user": "lee"} }) }, ErrPersonal, 8, 8, 9},

	{"changed with its hash", func(f *file) { f.edit(7, true, otherAccount) }, ErrCheckpoint, 5, 5, 10},
	{"changed with its hash after the last checkpoint", func(f *file) { f.edit(19, true, otherAccount) }, ErrCheckpoint, 15, 15, 20},
	{"removed and renumbered", func(f *file) { f.remove(f.at(7)); f.renumber() }, ErrCheckpoint, 5, 5, 10},
	{"inserted and renumbered", func(f *file) { f.lines = slices.Insert(f.lines, f.at(7), f.lines[f.at(2)]); f.renumber() }, ErrCheckpoint, 5, 5, 11},
	{"swapped and renumbered", func(f *file) {
		f.lines[f.at(11)], f.lines[f.at(13)] = f.lines[f.at(13)], f.lines[f.at(11)]
		f.renumber()
	}, ErrCheckpoint, 10, 10, 15},
	{"removed at the end, renumbered", func(f *file) { f.remove(f.at(17)); f.renumber() }, ErrTruncated, 19, 19, 20},
	{"first checkpoint removed and an event changed with its hash", func(f *file) {
		f.edit(7, true, otherAccount)
		f.remove(f.mark(5))
	}, ErrCheckpoint, 0, 0, 10},

	{"removed", func(f *file) { f.remove(f.at(7)) }, ErrMissing, 7, 7, 8},
	{"first removed", func(f *file) { f.remove(f.at(0)) }, ErrMissing, 0, 0, 1},
	{"last removed", func(f *file) { f.remove(f.at(19)) }, ErrTruncated, 19, 19, 20},
	{"the events of a checkpoint removed", func(f *file) { f.lines = slices.Delete(f.lines, f.at(5), f.at(9)+1) }, ErrCheckpoint, 5, 5, 10},
	{"removed with its checkpoint", func(f *file) { f.lines = slices.Delete(f.lines, f.at(5), f.mark(10)+1) }, ErrMissing, 5, 5, 6},
	{"repeated", func(f *file) { f.lines = slices.Insert(f.lines, f.at(7), f.lines[f.at(7)]) }, ErrOrder, 7, 7, 8},
	{"repeated later", func(f *file) { f.lines = slices.Insert(f.lines, f.at(13), f.lines[f.at(7)]) }, ErrOrder, 10, 10, 11},
	{"forged one before the true one", func(f *file) {
		forged := f.lines[f.at(7)]
		f.edit(7, true, otherAccount)
		f.lines = slices.Insert(f.lines, f.at(8), forged)
	}, ErrOrder, 7, 7, 8},
	{"swapped", func(f *file) { f.lines[f.at(11)], f.lines[f.at(13)] = f.lines[f.at(13)], f.lines[f.at(11)] }, ErrMissing, 11, 11, 12},
	{"swapped over a checkpoint", func(f *file) { f.lines[f.at(9)], f.lines[f.at(10)] = f.lines[f.at(10)], f.lines[f.at(9)] }, ErrMissing, 9, 9, 10},
	{"negative index", func(f *file) { f.edit(7, false, func(l *eventLine) { l.Index = -7 }) }, ErrOrder, 5, 5, 6},
	{"event after the end", func(f *file) {
		f.lines = append(f.lines, f.lines[f.at(19)])
	}, ErrOrder, 20, 20, 21},
	{"line after the end", func(f *file) { f.lines = append(f.lines, "\n") }, ErrOrder, 20, 20, 21},

	{"cut between events", func(f *file) { f.lines = f.lines[:f.at(12)] }, ErrTruncated, 12, 12, 20},
	{"cut after the header", func(f *file) { f.lines = f.lines[:1] }, ErrTruncated, 0, 0, 20},
	{"cut in a line", func(f *file) { f.lines = f.lines[:f.at(12)+1]; f.lines[f.at(12)] = f.lines[f.at(12)][:40] }, ErrTruncated, 12, 12, 20},
	{"cut before the last newline", func(f *file) { f.lines[f.at(19)] = strings.TrimSuffix(f.lines[f.at(19)], "\n") }, ErrTruncated, 19, 19, 20},
	{"more behind the end, cut", func(f *file) { f.lines = append(f.lines, "{") }, ErrTruncated, 20, 20, 21},

	{"checkpoint of another size", func(f *file) { f.replace(f.mark(10), `\n10\n`, `\n11\n`) }, ErrSignature, 5, 5, 10},
	{"checkpoint signed by another key", func(f *file) {
		f.lines[f.mark(10)] = f.note(signed(f.t, headOf(f.t, newLog(f.t, 20), 10), testKey("thief")))
	}, ErrSignature, 5, 5, 10},
	{"checkpoint of another log of the hub", func(f *file) {
		f.lines[f.mark(10)] = f.note(noteOf(f.t, forgedLog(f.t, 10, 7), 10))
	}, ErrCheckpoint, 5, 5, 10},
	{"checkpoint moved down", func(f *file) {
		mark := f.lines[f.mark(10)]
		f.lines = slices.Insert(f.lines, f.at(12), mark)
		f.remove(f.mark(10))
	}, ErrCheckpoint, 5, 5, 12},
	{"checkpoint moved up", func(f *file) {
		mark := f.lines[f.mark(10)]
		f.remove(f.mark(10))
		f.lines = slices.Insert(f.lines, f.at(8), mark)
	}, ErrCheckpoint, 5, 5, 10},
	{"checkpoint twice", func(f *file) { f.lines = slices.Insert(f.lines, f.mark(10), f.lines[f.mark(10)]) }, ErrOrder, 10, 10, 11},
	{"checkpoint before everything", func(f *file) { f.lines = slices.Insert(f.lines, 1, f.note(noteOf(f.t, newLog(f.t, 1), 0))) }, ErrOrder, 0, 0, 1},
	{"head of an older size", func(f *file) { f.lines[0] = f.header(noteOf(f.t, newLog(f.t, 20), 10)) }, ErrOrder, 10, 10, 11},
	{"head of a larger size", func(f *file) { f.lines[0] = f.header(noteOf(f.t, newLog(f.t, 21), 21)) }, ErrTruncated, 20, 20, 21},

	{"field that nothing proves", func(f *file) { f.replace(f.at(7), `{"index"`, `{"comment":"x","index"`) }, ErrFormat, 7, 7, 8},
	{"field twice", func(f *file) { f.replace(f.at(7), `"actor_kind"`, `"action":"user.added","actor_kind"`) }, ErrFormat, 7, 7, 8},
	{"name of a field in capitals", func(f *file) { f.replace(f.at(7), `"action"`, `"Action"`) }, ErrFormat, 7, 7, 8},
	{"white space", func(f *file) { f.replace(f.at(7), `,`, `, `) }, ErrFormat, 7, 7, 8},
	{"other form of the time", func(f *file) { f.replace(f.at(7), `.000007Z`, `,000007Z`) }, ErrFormat, 7, 7, 8},
	{"carriage return", func(f *file) { f.replace(f.at(7), "\n", "\r\n") }, ErrFormat, 7, 7, 8},
	{"not JSON", func(f *file) { f.lines[f.at(7)] = "hello\n" }, ErrFormat, 7, 7, 8},
	{"empty line", func(f *file) { f.lines[f.at(7)] = "\n" }, ErrFormat, 7, 7, 8},
	{"too long a line", func(f *file) { f.lines[f.at(7)] = strings.Repeat("a", maxLine) + "\n" }, ErrFormat, 7, 7, 8},
	{"checkpoint line with more in it", func(f *file) { f.replace(f.mark(10), `"}`, `","x":1}`) }, ErrFormat, 10, 10, 11},

	{"no header", func(f *file) { f.remove(0) }, ErrFormat, -1, 0, 0},
	{"empty file", func(f *file) { f.lines = nil }, ErrFormat, -1, 0, 0},
	{"half a header", func(f *file) { f.lines = []string{f.lines[0][:20]} }, ErrFormat, -1, 0, 0},
	{"endless header", func(f *file) { f.lines = []string{strings.Repeat("{", 2*maxLine)} }, ErrFormat, -1, 0, 0},
	{"other format", func(f *file) { f.replace(0, exportFormat, "keyshift-audit/2") }, ErrFormat, -1, 0, 0},
	{"other hub", func(f *file) { f.replace(0, `"hub_id":"0`, `"hub_id":"1`) }, ErrTrust, -1, 0, 0},
	{"other key", func(f *file) {
		f.replace(0, base64.StdEncoding.EncodeToString(hubPublic), base64.StdEncoding.EncodeToString(testKey("thief")[32:]))
	}, ErrTrust, -1, 0, 0},
	{"no key", func(f *file) { f.replace(0, base64.StdEncoding.EncodeToString(hubPublic), "") }, ErrTrust, -1, 0, 0},
	{"changed head", func(f *file) { f.replace(0, `\n20\n`, `\n19\n`) }, ErrSignature, -1, 0, 0},
}
