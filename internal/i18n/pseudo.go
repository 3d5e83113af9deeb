package i18n

import "strings"

var accents = strings.NewReplacer(
	"a", "á", "e", "é", "i", "í", "o", "ó", "u", "ú", "A", "Á", "E", "É", "I", "Í", "O", "Ó", "U", "Ú", "c", "ç", "n", "ñ", "s", "š", "y", "ý",
)

// disguise makes a text of the pseudo-language: readable, but not to be taken for English, and as long as a long
// translation.
func disguise(text string) string {
	return "[" + accents.Replace(text) + strings.Repeat("~", 1+len(text)/3) + "]"
}
