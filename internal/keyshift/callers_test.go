package keyshift

import (
	"maps"
	"testing"
)

func TestRefusedCallersAreCountedByKind(t *testing.T) {
	full := RefusedCallers{CallerUser: maxRefused}
	full.Add(CallerUser)
	for _, tt := range []struct {
		name  string
		r     RefusedCallers
		facts map[string]string
		total int64
	}{
		{"none", nil, map[string]string{}, 0},
		{"two kinds", RefusedCallers{CallerUser: 2, CallerSquatter: 1}, map[string]string{"user": "2", "squatter": "1"}, 3},
		{"what cannot be", RefusedCallers{CallerAdmin: -1, CallerService: 0, "dana": 5}, map[string]string{}, 0},
		{"too many to count", full, map[string]string{"user": "1000000"}, maxRefused},
		{"more than that", RefusedCallers{CallerUser: 1 << 62, CallerAdmin: 1 << 62}, map[string]string{"user": "1000000", "admin": "1000000"}, 2 * maxRefused},
	} {
		facts, total := tt.r.Facts()
		if !maps.Equal(facts, tt.facts) || total != tt.total {
			t.Errorf("%s: got %v, %d, want %v, %d", tt.name, facts, total, tt.facts, tt.total)
		}
	}
}
