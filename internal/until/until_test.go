package until

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, looks := time.Now(), 0
		if err := True("the third look", time.Minute, func() bool { looks++; return looks == 3 }); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); looks != 3 || took != 2*between {
			t.Errorf("%d looks in %v, want 3 in %v", looks, took, 2*between)
		}
	})
}

func TestALookThatTakesLongIsFollowedByALongerPause(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		0: between, between: between, 2 * between: 2 * between, longest: longest, time.Minute: longest,
	} {
		synctest.Test(t, func(t *testing.T) {
			begin, looks := time.Now(), 0
			look := func() bool { looks++; <-time.After(took); return looks == 2 }
			if err := True("the second look", time.Hour, look); err != nil {
				t.Error(err)
			}
			if got := time.Since(begin) - 2*took; got != want {
				t.Errorf("after a look of %v the pause is %v, want %v", took, got, want)
			}
		})
	}
}

func TestWhatTakesLongIsLookedAtLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, before, pauses := time.Now(), time.Now(), []time.Duration{}
		look := func() bool {
			pauses, before = append(pauses, time.Since(before)), time.Now()
			return time.Since(begin) > part*longest
		}
		if err := True("four seconds", time.Hour, look); err != nil {
			t.Error(err)
		}
		if first, last := pauses[1], pauses[len(pauses)-1]; first != between || last < longest*9/10 || last > longest || !slices.IsSorted(pauses) {
			t.Errorf("the pauses are %v", pauses)
		}
	})
}

func TestSeen(t *testing.T) {
	tests := []struct {
		name   string
		within time.Duration
		yes    bool
		want   string
	}{
		{"so at once", 0, true, ""},
		{"never so", time.Minute, false, "not within 1m0s: tea. Last seen:\ncoffee"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := ""
				if err := Seen("tea", tt.within, func() (bool, string) { return tt.yes, "coffee" }); err != nil {
					got = err.Error()
				}
				if got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestWhatIsNeverSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if err := True("tea", time.Minute, func() bool { return false }); err == nil || err.Error() != "not within 1m0s: tea" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took != time.Minute {
			t.Errorf("it took %v, want a minute", took)
		}
	})
}
