package shape

import (
	"bytes"
	"encoding/json"
)

// schema is the part of JSON Schema (draft 2020-12) that is needed.
type schema struct {
	Dialect     string             `json:"$schema,omitempty"`
	ID          string             `json:"$id,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Type        string             `json:"type,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Additional  any                `json:"additionalProperties,omitempty"`
	Defs        map[string]*schema `json:"$defs,omitempty"`
}

// JSONSchema writes the first struct as a JSON Schema in which no other fields are allowed.
func JSONSchema(title, description string, list []Struct) []byte {
	root := &schema{
		Dialect: "https://json-schema.org/draft/2020-12/schema", Title: title, Description: description,
		Ref: "#/$defs/" + list[0].Name, Defs: map[string]*schema{},
	}
	for _, s := range list {
		root.Defs[s.Name] = objectSchema(s)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		panic("shape: encode JSON Schema: " + err.Error()) // it holds strings only
	}
	return b.Bytes()
}

func objectSchema(s Struct) *schema {
	o := &schema{Type: "object", Properties: map[string]*schema{}, Additional: false}
	for _, f := range s.Fields {
		o.Properties[f.Name] = valueSchema(f.Value)
		if !f.Optional {
			o.Required = append(o.Required, f.Name)
		}
	}
	return o
}

func valueSchema(v Value) *schema {
	switch v.Kind {
	case Object:
		return &schema{Ref: "#/$defs/" + v.Type}
	case Array:
		return &schema{Type: "array", Items: valueSchema(*v.Of)}
	case Map:
		return &schema{Type: "object", Additional: valueSchema(*v.Of)}
	case Number:
		return &schema{Type: "integer"}
	case Any:
		return &schema{}
	}
	return &schema{Type: string(v.Kind), Enum: v.Values}
}
