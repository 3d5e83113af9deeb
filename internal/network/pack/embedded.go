package pack

import (
	"embed"
	"slices"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

//go:embed defaults/*.json
var files embed.FS

// embedded is read when somebody asks: most commands do not.
var embedded = sync.OnceValue(readEmbedded)

func readEmbedded() map[string]Pack {
	all := map[string]Pack{}
	for _, n := range keyshift.Networks() {
		data, err := files.ReadFile("defaults/" + string(n) + ".json")
		if err != nil {
			continue // a test wants one for every network that has pages of its own
		}
		p, err := Parse(data)
		if err != nil {
			panic("pack: parse embedded pack of " + string(n) + ": " + err.Error()) // a test reads them too
		}
		all[p.Network] = p
	}
	return all
}

// Embedded gives the pack that comes with this program; false for a network that has none, such as a site that an admin
// added.
func Embedded(network string) (Pack, bool) {
	p, ok := embedded()[network]
	return p, ok
}

// EmbeddedNetworks are the networks that have an embedded pack, in the order in which they are shown.
func EmbeddedNetworks() []string {
	var list []string
	for _, n := range keyshift.Networks() {
		if _, ok := embedded()[string(n)]; ok {
			list = append(list, string(n))
		}
	}
	return slices.Clip(list)
}
