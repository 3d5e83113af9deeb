package reminder

import (
	"fmt"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// How many texts there are of a kind that rotates; at least two each, so that none comes twice in a row.
const (
	personals = 4
	lessons   = 4
)

// Texts lists the keys of the texts that a kind rotates through; nil for a kind that does not rotate.
func Texts(kind Kind, network keyshift.Network) []string {
	switch kind {
	case Personal:
		return keys("personal", personals)
	case Lesson:
		return keys("lesson_"+string(network), lessons)
	}
	return nil
}

func keys(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s_%d", prefix, i+1)
	}
	return all
}
