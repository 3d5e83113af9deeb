package wire

import (
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Read adds to a generated message, given as a pointer, what data says. After an error the message is of no use.
func Read(data []byte, message any) error {
	if err := read(data, reflect.ValueOf(message).Elem()); err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	return nil
}

func read(data []byte, message reflect.Value) error {
	fields, err := fieldsOf(message.Type())
	if err != nil {
		return err
	}
	return each(data, func(number protowire.Number, kind protowire.Type, value []byte) error {
		for _, f := range fields {
			if f.number == number {
				return f.read(kind, value, message.Field(f.index))
			}
		}
		return nil
	})
}

var errNumber = errors.New("there is no such field number")

// each goes through the fields of a message as they come.
func each(data []byte, do func(protowire.Number, protowire.Type, []byte) error) error {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if !number.IsValid() {
			return errNumber
		}
		size := protowire.ConsumeFieldValue(number, kind, data[n:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		if err := do(number, kind, data[n:n+size]); err != nil {
			return err
		}
		data = data[n+size:]
	}
	return nil
}

// read gives a field its value. One of another kind than the field's counts as unknown.
func (f field) read(kind protowire.Type, data []byte, into reflect.Value) error {
	switch {
	case f.form == "varint" && kind == protowire.VarintType:
		value, _ := protowire.ConsumeVarint(data)
		return readNumber(value, into)
	case f.form == "bytes" && kind == protowire.BytesType:
		value, _ := protowire.ConsumeBytes(data)
		return readBytes(value, into)
	case f.form == "varint" && into.Kind() != reflect.Slice, f.form == "bytes":
		return nil
	}
	return ErrOdd
}

func readNumber(value uint64, into reflect.Value) error {
	switch into.Kind() {
	case reflect.Bool:
		into.SetBool(value != 0)
	case reflect.Int32:
		into.SetInt(int64(int32(value))) //nolint:gosec // too long a number is cut, as the library does it
	case reflect.Int64:
		into.SetInt(int64(value)) //nolint:gosec // negative numbers are written like that
	case reflect.Uint32:
		into.SetUint(uint64(uint32(value))) //nolint:gosec // as above
	case reflect.Uint64:
		into.SetUint(value)
	default:
		return ErrOdd
	}
	return nil
}

func readBytes(value []byte, into reflect.Value) error {
	switch kind := into.Kind(); {
	case kind == reflect.Slice && into.Type().Elem().Kind() != reflect.Uint8:
		one := reflect.New(into.Type().Elem()).Elem()
		if err := readOne(value, one); err != nil {
			return err
		}
		into.Set(reflect.Append(into, one))
		return nil
	case kind == reflect.Map:
		return readEntry(value, into)
	}
	return readOne(value, into)
}

func readOne(value []byte, into reflect.Value) error {
	switch t := into.Type(); {
	case t.Kind() == reflect.String && utf8.Valid(value):
		into.SetString(string(value))
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		into.SetBytes(append([]byte{}, value...))
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		if into.IsNil() {
			into.Set(reflect.New(t.Elem()))
		}
		return read(value, into.Elem())
	default:
		return ErrOdd
	}
	return nil
}

// readEntry adds one entry to a map. Without a key or a value it has an empty one.
func readEntry(data []byte, into reflect.Value) error {
	if into.Type() != words {
		return ErrOdd
	}
	var one entry
	if err := read(data, reflect.ValueOf(&one).Elem()); err != nil {
		return err
	}
	if into.IsNil() {
		into.Set(reflect.MakeMap(words))
	}
	into.SetMapIndex(reflect.ValueOf(one.Key), reflect.ValueOf(one.Value))
	return nil
}
