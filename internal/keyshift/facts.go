package keyshift

import (
	"encoding/json"
	"slices"
	"strings"
)

// FactsText writes the facts of an audit event as JSON with sorted names, "{}" when there are none. The text is part of what
// the tree holds, so it never changes: it is what encoding/json makes of a map, in a fraction of the time.
func FactsText(facts map[string]string) string { return string(appendFacts(nil, facts)) }

func appendFacts(b []byte, facts map[string]string) []byte {
	var room [8]string
	names := room[:0]
	for name := range facts {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, name), ':')
		b = appendQuoted(b, facts[name])
	}
	return append(b, '}')
}

// appendQuoted leaves text that has to be escaped to encoding/json.
func appendQuoted(b []byte, text string) []byte {
	if strings.IndexFunc(text, escaped) < 0 {
		return append(append(append(b, '"'), text...), '"')
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("keyshift: encode text: " + err.Error()) // strings always encode
	}
	return append(b, quoted...)
}

// escaped reports whether encoding/json may write a character in another way.
func escaped(r rune) bool {
	return r < ' ' || r >= 0x7f || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
}

// ParseFacts reads what [FactsText] wrote; no facts are nil. It fails for text that is not a JSON object of strings.
func ParseFacts(text string) (map[string]string, error) {
	if text == "" || text == "{}" {
		return nil, nil
	}
	if facts := plainFacts(text); facts != nil {
		return facts, nil
	}
	var facts map[string]string
	err := json.Unmarshal([]byte(text), &facts)
	return facts, err
}

// plainFacts reads text in which nothing is escaped, and gives nil for any other.
func plainFacts(text string) map[string]string {
	rest, ok := strings.CutPrefix(text, `{"`)
	facts := map[string]string{}
	for ok {
		var name, value string
		if name, rest, ok = plainText(rest, `":"`); !ok {
			break
		}
		if end := strings.TrimSuffix(rest, `"}`); len(end) < len(rest) && isPlain(end) {
			facts[name] = end
			return facts
		}
		if value, rest, ok = plainText(rest, `","`); ok {
			facts[name] = value
		}
	}
	return nil
}

func plainText(text, end string) (plain, rest string, ok bool) {
	plain, rest, ok = strings.Cut(text, end)
	return plain, rest, ok && isPlain(plain)
}

func isPlain(text string) bool { return strings.IndexFunc(text, escaped) < 0 }
