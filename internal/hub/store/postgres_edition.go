package store

import "strings"

// editionsOf are the queries read ahead as PostgreSQL is asked them: they name what tells one version of a row from every
// other, which is the transaction that wrote it and the place where it lies (PostgreSQL documentation, 5.5). Of a device, whose
// row each signed request changes, it is what may change besides its numbers.
var editionsOf = map[string]string{
	aheadText: strings.Replace(aheadText, "CAST('' AS TEXT) AS edition",
		"format('%s %s %s %s %s %s %s %s %s %s', d.user_id, d.state, u.xmin, u.ctid, a.xmin, a.ctid, r.xmin, r.ctid, k.xmin, k.ctid) AS edition", 1),
	aheadOfUserText: strings.NewReplacer("CAST('' AS TEXT) AS token_edition", "format('%s %s', t.xmin, t.ctid) AS token_edition",
		"q.token_edition AS edition", "format('%s %s %s', q.token_edition, u.xmin, u.ctid) AS edition").Replace(aheadOfUserText),
}

func (e *postgresEngine) editions(text string) string { return editionsOf[text] }
