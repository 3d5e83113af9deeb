// Package i18n holds the texts that people read, in English, German, French and Spanish, and a pseudo-language that makes
// texts which are cut off or not translated stand out.
//
// The files in locales are in the form of messages.json of browser extensions, so that one set serves the tray, the
// console and the extension (https://developer.chrome.com/docs/extensions/reference/api/i18n): a message names its
// placeholders as $name$, each stands for an argument by its number, and $$ is a dollar sign. Names have letters, digits
// and underscores only.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed locales
var files embed.FS

// The languages.
const (
	English = "en"
	German  = "de"
	French  = "fr"
	Spanish = "es"
	// Pseudo is English with accents and a third longer, in brackets.
	Pseudo = "qps"
)

// Languages lists the real languages, English first.
func Languages() []string { return []string{English, German, French, Spanish} }

// Catalog has the texts of one language. Get it with [For].
type Catalog struct {
	language string
	messages map[string]string
}

// Language is the code of the language.
func (c Catalog) Language() string { return c.language }

// Text gives a text with its arguments in their places. A key without a text gives the key in angle brackets, so that the
// mistake is seen and nothing is lost.
func (c Catalog) Text(key string, args ...string) string {
	text, ok := c.messages[key]
	if !ok {
		return "<" + key + ">"
	}
	if c.language == Pseudo {
		text = disguise(text)
	}
	filled := []string{dollar, "$"}
	for i, arg := range args {
		filled = append(filled, slot(i+1), arg)
	}
	return strings.NewReplacer(filled...).Replace(text)
}

// Keys lists the names of all texts, sorted.
func (c Catalog) Keys() []string {
	keys := make([]string, 0, len(c.messages))
	for key := range c.messages {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// For gives the catalog of the first language that is known, English if none is. It takes language tags (de-AT) and
// names of POSIX locales (de_AT.UTF-8).
func For(wanted ...string) Catalog {
	for _, tag := range wanted {
		language := strings.ToLower(tag)
		if i := strings.IndexAny(language, "-_.@"); i >= 0 {
			language = language[:i]
		}
		if language == Pseudo || slices.Contains(Languages(), language) {
			return load(language)
		}
	}
	return load(English)
}

// Texts stay in memory once they were asked for.
var loaded sync.Map

func load(language string) Catalog {
	if c, ok := loaded.Load(language); ok {
		return c.(Catalog)
	}
	source := language
	if language == Pseudo {
		source = English
	}
	messages, err := read(source)
	if err != nil {
		panic("i18n: read embedded texts: " + err.Error()) // a test reads them all
	}
	c, _ := loaded.LoadOrStore(language, Catalog{language, messages})
	return c.(Catalog)
}

type message struct {
	Message      string                 `json:"message"`
	Description  string                 `json:"description,omitempty"`
	Placeholders map[string]placeholder `json:"placeholders,omitempty"`
}

type placeholder struct {
	Content string `json:"content"`
	Example string `json:"example,omitempty"`
}

// read gives the messages of a language with slots in place of named placeholders.
func read(language string) (map[string]string, error) {
	data, err := files.ReadFile(path.Join("locales", language, "messages.json"))
	if err != nil {
		return nil, err
	}
	var parsed map[string]message
	if err := json.Unmarshal(data, &parsed); err != nil {
		return nil, fmt.Errorf("parse texts of %s: %w", language, err)
	}
	texts := make(map[string]string, len(parsed))
	for key, m := range parsed {
		if texts[key], err = m.compile(); err != nil {
			return nil, fmt.Errorf("read text %s of %s: %w", key, language, err)
		}
	}
	return texts, nil
}

// Slots and dollar signs are written with characters for private use, which no text has.
const dollar = "\ue002"

func slot(number int) string { return fmt.Sprintf("\ue000%d\ue001", number) }

func (m message) compile() (string, error) {
	parts := strings.Split(strings.ReplaceAll(m.Message, "$$", dollar), "$")
	if len(parts)%2 == 0 {
		return "", fmt.Errorf("a $ has no partner in %q", m.Message)
	}
	for i := 1; i < len(parts); i += 2 {
		var number int
		if _, err := fmt.Sscanf(m.Placeholders[strings.ToLower(parts[i])].Content, "$%d", &number); err != nil || number < 1 || number > 9 {
			return "", fmt.Errorf("placeholder %s stands for no argument", parts[i])
		}
		parts[i] = slot(number)
	}
	return strings.Join(parts, ""), nil
}
