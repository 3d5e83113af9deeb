package wire

import (
	"fmt"
	"reflect"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Append writes a generated message, given as a pointer, behind data. What has no value is not written; no message is an empty
// one.
func Append(data []byte, message any) ([]byte, error) {
	value := reflect.ValueOf(message)
	if value.IsNil() {
		return data, nil
	}
	data, err := appendMessage(data, value.Elem())
	if err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	return data, nil
}

func appendMessage(data []byte, message reflect.Value) ([]byte, error) {
	fields, err := fieldsOf(message.Type())
	for _, f := range fields {
		if value := message.Field(f.index); err == nil && !value.IsZero() {
			data, err = f.append(data, value)
		}
	}
	return data, err
}

func (f field) append(data []byte, value reflect.Value) ([]byte, error) {
	switch {
	case f.form == "varint":
		return f.appendNumber(data, value)
	case f.form == "bytes" && value.Kind() == reflect.Slice && value.Type().Elem().Kind() != reflect.Uint8:
		return f.appendList(data, value)
	case f.form == "bytes" && value.Type() == words:
		return f.appendMap(data, value)
	case f.form == "bytes":
		return f.appendOne(data, value)
	}
	return nil, ErrOdd
}

func (f field) appendNumber(data []byte, value reflect.Value) ([]byte, error) {
	number := uint64(1) // of true
	switch {
	case value.CanInt():
		number = uint64(value.Int()) //nolint:gosec // negative numbers are written like that
	case value.CanUint():
		number = value.Uint()
	case value.Kind() != reflect.Bool:
		return nil, ErrOdd
	}
	return protowire.AppendVarint(protowire.AppendTag(data, f.number, protowire.VarintType), number), nil
}

func (f field) appendList(data []byte, list reflect.Value) ([]byte, error) {
	var err error
	for i := range list.Len() {
		if data, err = f.appendOne(data, list.Index(i)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (f field) appendMap(data []byte, entries reflect.Value) ([]byte, error) {
	var err error
	for i := entries.MapRange(); i.Next(); {
		one := &entry{i.Key().String(), i.Value().String()}
		if data, err = f.appendOne(data, reflect.ValueOf(one)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (f field) appendOne(data []byte, value reflect.Value) ([]byte, error) {
	content, err := contentOf(value)
	if err != nil {
		return nil, err
	}
	return protowire.AppendBytes(protowire.AppendTag(data, f.number, protowire.BytesType), content), nil
}

func contentOf(value reflect.Value) ([]byte, error) {
	switch t := value.Type(); {
	case t.Kind() == reflect.String && utf8.ValidString(value.String()):
		return []byte(value.String()), nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return value.Bytes(), nil
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !value.IsNil():
		return appendMessage(nil, value.Elem())
	}
	return nil, ErrOdd
}
