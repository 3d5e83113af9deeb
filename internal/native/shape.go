package native

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Kind is a kind of value in a message.
type Kind string

// The kinds.
const (
	KindBool   Kind = "bool"
	KindInt    Kind = "int" // from 0 to 2^53-1
	KindText   Kind = "text"
	KindToken  Kind = "token"  // letters, digits and .:_-{} ; at least one
	KindBase64 Kind = "base64" // without padding, in the alphabet for URLs (RFC 4648, section 5)
	KindOrigin Kind = "origin" // https://host, and perhaps a port
	KindWord   Kind = "word"   // one of a fixed set
	KindList   Kind = "list"
	KindStruct Kind = "struct"
	KindAny    Kind = "any" // JSON that has a schema of its own
)

// Shape says what a value may be.
type Shape struct {
	Kind Kind
	// Name is the name of the Go type of a struct or word.
	Name string
	// Max is the longest text in bytes, or the longest list.
	Max int
	// Words are the values of a word.
	Words []string
	// Element is the shape of the elements of a list.
	Element *Shape
	// Fields are the fields of a struct, in their order.
	Fields []ShapeField
}

// ShapeField is a field of a struct.
type ShapeField struct {
	Name     string
	Optional bool
	Shape    *Shape
}

// field gives the field with exactly this name.
func (s *Shape) field(name string) *ShapeField {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

var shapes sync.Map // of reflect.Type to *Shape

// ShapeOf gives the shape of a message type. It panics when the type is none: a test asks for every one.
func ShapeOf(v any) *Shape {
	t := reflect.TypeOf(v)
	if s, ok := shapes.Load(t); ok {
		return s.(*Shape)
	}
	s := shapeOf(t, "")
	shapes.Store(t, s)
	return s
}

var (
	rawType  = reflect.TypeFor[json.RawMessage]()
	wordType = reflect.TypeFor[word]()
)

func shapeOf(t reflect.Type, tag string) *Shape {
	kind, most := parseTag(tag)
	switch {
	case t == rawType:
		return &Shape{Kind: KindAny}
	case t.Implements(wordType):
		return &Shape{Kind: KindWord, Name: t.Name(), Words: reflect.Zero(t).Interface().(word).Words()}
	case t.Kind() == reflect.Bool:
		return &Shape{Kind: KindBool}
	case t.Kind() == reflect.Int64:
		return &Shape{Kind: KindInt}
	case t.Kind() == reflect.String:
		return &Shape{Kind: kind, Max: most}
	case t.Kind() == reflect.Slice:
		return &Shape{Kind: KindList, Max: most, Element: shapeOf(t.Elem(), "")}
	case t.Kind() == reflect.Struct:
		return structShape(t)
	}
	panic("native: no shape for " + t.String())
}

func structShape(t reflect.Type) *Shape {
	s := &Shape{Kind: KindStruct, Name: t.Name()}
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		s.Fields = append(s.Fields, ShapeField{Name: name, Optional: option == "omitempty", Shape: shapeOf(f.Type, f.Tag.Get("ks"))})
	}
	return s
}

// defaultMax is for strings and lists that say nothing else.
const defaultMax = 256

func parseTag(tag string) (kind Kind, most int) {
	kind, most = KindText, defaultMax
	for part := range strings.SplitSeq(tag, ",") {
		if n, ok := strings.CutPrefix(part, "max="); ok {
			var err error
			if most, err = strconv.Atoi(n); err != nil {
				panic(fmt.Sprintf("native: tag %q: %v", tag, err))
			}
		} else if part != "" {
			kind = Kind(part)
		}
	}
	return kind, most
}
