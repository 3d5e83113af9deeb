package bootclock

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSince(t *testing.T) {
	start := Reading{Boot: 10 * time.Minute, BootID: "a"}
	tests := []struct {
		name   string
		now    Reading
		want   time.Duration
		wantOK bool
	}{
		{"same moment", start, 0, true},
		{"later", Reading{Boot: 11 * time.Minute, BootID: "a"}, time.Minute, true},
		{"later, wall clock set back", Reading{Wall: time.Unix(0, 0), Boot: 11 * time.Minute, BootID: "a"}, time.Minute, true},
		{"after a reboot, boot time smaller", Reading{Boot: time.Minute, BootID: "b"}, 0, false},
		{"after a reboot, boot time larger", Reading{Boot: time.Hour, BootID: "b"}, 0, false},
		{"boot time ran backwards", Reading{Boot: 9 * time.Minute, BootID: "a"}, 0, false},
		{"zero reading", Reading{}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tt.now.Since(start)
			if got != tt.want || ok != tt.wantOK {
				t.Errorf("got %v, %v, want %v, %v", got, ok, tt.want, tt.wantOK)
			}
		})
	}
	if _, ok := (Reading{}).Since(Reading{}); ok {
		t.Error("two zero readings have a time between them")
	}
}

func TestSystemReads(t *testing.T) {
	clock := System()
	before := time.Now().Round(0)
	first := mustRead(t, clock)
	second := mustRead(t, clock)
	after := time.Now().Round(0)

	if first.BootID == "" || first.BootID != second.BootID {
		t.Errorf("got boot ids %q and %q", first.BootID, second.BootID)
	}
	if first.Boot <= 0 {
		t.Errorf("got boot time %v", first.Boot)
	}
	if elapsed, ok := second.Since(first); !ok || elapsed < 0 {
		t.Errorf("second reading is %v, %v after the first", elapsed, ok)
	}
	if first.Wall.Before(before) || second.Wall.After(after) {
		t.Errorf("got wall %v and %v, want within %v and %v", first.Wall, second.Wall, before, after)
	}
	if strings.Contains(first.Wall.String(), "m=") {
		t.Errorf("wall %v carries a monotonic reading", first.Wall)
	}
}

func TestReadingSurvivesStorage(t *testing.T) {
	want := mustRead(t, System())
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Reading
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFakeTellsItsStory(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	f := NewFake(noon)
	start := mustRead(t, f)

	f.Advance(8*time.Hour, 8*time.Hour)
	wantReading(t, f, start, noon.Add(8*time.Hour), 8*time.Hour, true)

	f.Advance(-24*time.Hour, time.Minute)
	wantReading(t, f, start, noon.Add(-16*time.Hour), 8*time.Hour+time.Minute, true)

	f.SetWall(noon)
	wantReading(t, f, start, noon, 8*time.Hour+time.Minute, true)

	f.Reboot()
	wantReading(t, f, start, noon, 0, false)
	again := mustRead(t, f)
	f.Reboot()
	wantReading(t, f, again, noon, 0, false)

	broken := errors.New("no clock")
	f.Fail(broken)
	if _, err := f.Read(); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	f.Fail(nil)
	mustRead(t, f)
}

func wantReading(t *testing.T, c Clock, start Reading, wall time.Time, elapsed time.Duration, ok bool) {
	t.Helper()
	now := mustRead(t, c)
	if !now.Wall.Equal(wall) {
		t.Errorf("got wall %v, want %v", now.Wall, wall)
	}
	if got, gotOK := now.Since(start); got != elapsed || gotOK != ok {
		t.Errorf("got %v, %v since the start, want %v, %v", got, gotOK, elapsed, ok)
	}
}

func mustRead(t *testing.T, c Clock) Reading {
	t.Helper()
	r, err := c.Read()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
