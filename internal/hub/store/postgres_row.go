package store

import (
	"bytes"
	"encoding/binary"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// postgresRow is a row of an answer. What is read ahead has many columns of few types; to ask the driver for each how it is
// read takes longer than to read it.
type postgresRow struct{ pgx.Rows }

// Scan implements [scanner]. It leaves the row to the driver when there is something in it that it does not know.
func (r postgresRow) Scan(values ...any) error {
	raw, fields := r.RawValues(), r.FieldDescriptions()
	known := len(raw) == len(values) && len(fields) == len(values)
	for i := 0; known && i < len(values); i++ {
		known = readRaw(values[i], raw[i], fields[i])
	}
	if !known {
		return r.Rows.Scan(values...)
	}
	return nil
}

// readRaw reports whether it could read what the server sent.
func readRaw(into any, raw []byte, field pgconn.FieldDescription) bool {
	switch v := into.(type) {
	case *string:
		if raw != nil && field.DataTypeOID == pgtype.TextOID {
			*v = string(raw)
			return true
		}
	case *[]byte:
		if field.DataTypeOID == pgtype.ByteaOID && field.Format == pgx.BinaryFormatCode {
			*v = bytes.Clone(raw)
			return true
		}
	case *int64:
		if field.DataTypeOID == pgtype.Int8OID && field.Format == pgx.BinaryFormatCode && len(raw) == 8 {
			*v = int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // the bits are sent
			return true
		}
	case *int32:
		if field.DataTypeOID == pgtype.Int4OID && field.Format == pgx.BinaryFormatCode && len(raw) == 4 {
			*v = int32(binary.BigEndian.Uint32(raw)) //nolint:gosec // the bits are sent
			return true
		}
	}
	return false
}
