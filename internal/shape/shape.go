// Package shape describes Go structs, as JSON writes them, for those who do not read Go: as TypeScript with tables of
// the fields that are allowed, and as JSON Schema. So one set of Go types is the only source of a format.
//
// It knows what such formats are made of: structs, slices, maps with string keys, strings, booleans and whole numbers.
// A field with ",omitempty" or ",omitzero" may be missing, a pointer is like what it points to, a named string type
// with a method Values() []string takes only these, and json.RawMessage is anything.
package shape

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Kind is what a value is made of.
type Kind string

// The kinds.
const (
	Object  Kind = "object"
	Array   Kind = "array"
	Map     Kind = "map"
	String  Kind = "string"
	Number  Kind = "number"
	Boolean Kind = "boolean"
	Any     Kind = "any"
)

// Value describes one value.
type Value struct {
	Kind Kind
	// Type is the name of an object or of a string with few values.
	Type string
	// Of describes the elements of an array or map.
	Of *Value
	// Values are all that a string may be; empty for any.
	Values []string
}

// Field is a field of a struct.
type Field struct {
	Name     string
	Optional bool
	Value    Value
}

// Struct describes one struct.
type Struct struct {
	Name   string
	Fields []Field
}

// Of describes the types of the values and all structs that they are made of, each before those it uses.
func Of(values ...any) []Struct {
	d := describer{seen: map[string]bool{}}
	for _, v := range values {
		d.value(reflect.TypeOf(v))
	}
	return d.list
}

type describer struct {
	list []Struct
	seen map[string]bool
}

var raw = reflect.TypeFor[json.RawMessage]()

func (d *describer) value(t reflect.Type) Value {
	switch {
	case t.Kind() == reflect.Pointer:
		return d.value(t.Elem())
	case t == raw || t.Kind() == reflect.Interface:
		return Value{Kind: Any}
	case t.Kind() == reflect.Struct:
		d.add(t)
		return Value{Kind: Object, Type: t.Name()}
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Map:
		of := d.value(t.Elem())
		return Value{Kind: listKind(t), Of: &of}
	}
	return plain(t)
}

func listKind(t reflect.Type) Kind {
	if t.Kind() == reflect.Map {
		return Map
	}
	return Array
}

func plain(t reflect.Type) Value {
	switch t.Kind() {
	case reflect.String:
		if v, ok := reflect.Zero(t).Interface().(interface{ Values() []string }); ok {
			return Value{Kind: String, Type: t.Name(), Values: v.Values()}
		}
		return Value{Kind: String}
	case reflect.Bool:
		return Value{Kind: Boolean}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return Value{Kind: Number}
	}
	panic(fmt.Sprintf("shape: %s has no description", t))
}

func (d *describer) add(t reflect.Type) {
	if d.seen[t.Name()] {
		return
	}
	d.seen[t.Name()] = true
	at := len(d.list)
	d.list = append(d.list, Struct{Name: t.Name()})
	fields := d.fields(t)
	d.list[at].Fields = fields
}

func (d *describer) fields(t reflect.Type) []Field {
	var fields []Field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Tag.Get("json") == "" {
			fields = append(fields, d.fields(f.Type)...)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			panic(fmt.Sprintf("shape: %s.%s has no name in JSON", t, f.Name))
		}
		list := strings.Split(options, ",")
		optional := slices.Contains(list, "omitempty") || slices.Contains(list, "omitzero")
		fields = append(fields, Field{Name: name, Optional: optional, Value: d.value(f.Type)})
	}
	return fields
}
