package pack

import (
	"bytes"
	"testing"
)

// FuzzParse reads bytes as an admin hands them to the hub, and the hub to an agent. What is taken is valid, and means the same
// when it is written and read again.
func FuzzParse(f *testing.F) {
	for _, network := range EmbeddedNetworks() {
		p, _ := Embedded(network)
		data, err := p.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"schema":1}`))
	f.Add([]byte(`{"schema":1,"network":"x","version":9223372036854775807,"hosts":["x.com"],"identity":[{"kind":"cookie","pattern":"(a+)+$"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("taken, and not valid: %v", err)
		}
		once, err := p.Encode()
		if err != nil {
			return // it became larger: characters that JSON writes longer
		}
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("written and read again: %v", err)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written twice: %s and %s, %v", once, twice, err)
		}
	})
}
