package native_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/native/nativetest"
)

// TestSamples: the extension judges the same samples, in e2e/content.
func TestSamples(t *testing.T) {
	types := nativetest.Types()
	taken, refused := 0, 0
	for _, s := range nativetest.Samples() {
		err := native.Check(s.Message, native.ShapeOf(types[s.Type]))
		if err == nil {
			err = json.Unmarshal(s.Message, reflect.New(reflect.TypeOf(types[s.Type])).Interface())
		}
		if (err == nil) != s.Good {
			t.Errorf("%s, %s: %v, want it taken: %v", s.Type, s.Why, err, s.Good)
		}
		if s.Good {
			taken++
		} else {
			refused++
		}
	}
	if taken < 300 || refused < 1500 {
		t.Errorf("only %d good samples and %d bad ones", taken, refused)
	}
}
