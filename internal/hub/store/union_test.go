package store

import (
	"fmt"
	"slices"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestWhatIsUnited(t *testing.T) {
	many := []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	for _, tt := range []struct {
		name  string
		alone bool
		rows  []int
		want  []int
	}{
		{"nothing", true, nil, nil},
		{"one", true, []int{1}, []int{1}},
		{"all of a command", true, []int{1, 1, 2, 1}, []int{4}},
		{"those of several commands", false, []int{1, 1, 1}, []int{1, 1, 1}},
		{"what looks for what is changed before stays apart", true, []int{1, -1, 1, 1}, []int{1, 1, 2}},
		{"not too many", true, many, []int{mostUnited, len(many) - mostUnited}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []expecting
			for _, n := range tt.rows {
				all = append(all, expecting{rows: n})
			}
			var got []int
			for _, u := range unite(all, tt.alone) {
				got = append(got, len(u))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got unions of %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTheTextOfAUnion(t *testing.T) {
	u := union{
		{statement{"INSERT INTO t (a, b)\nVALUES ($1, $2) ON CONFLICT DO NOTHING;\n", []any{"x", "y"}}, 1},
		{statement{"UPDATE u SET a = $1 WHERE b = $2 AND c < $1", []any{int64(5), "z"}}, 3},
	}
	got := u.guarded()
	want := "WITH done0 AS (\nINSERT INTO t (a, b)\nVALUES ($1, $2)\nRETURNING 1),\ndone1 AS (\nUPDATE u SET a = $3 WHERE b = $4 AND c < $3\nRETURNING 1)\n" +
		"SELECT 1 / CASE WHEN (SELECT 1 FROM done0) = 1 AND (SELECT count(*) FROM done1) = $5 THEN 1 ELSE 0 END"
	if got.text != want || fmt.Sprint(got.args) != "[x y 5 z 3]" {
		t.Errorf("got %s\nwith %v", got.text, got.args)
	}
}

// A command whose last change meets other rows than it expected leaves nothing of those before, which went in the same statement.
func TestOfAUnionAllHappensOrNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		d := s.device(s.user())
		runs := 0
		err := s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			runs++
			if err := tx.Append(keyshift.AuditEvent{Action: "tried", DeviceID: d.ID}); err != nil {
				return err
			}
			after := d.Window
			after.Accept(7)
			wrong := keyshift.SequenceWindow{High: 3}
			return tx.SaveWindow(d.ID, wrong, after)
		})
		events, readErr := s.reader().Events(hub.EventFilter{DeviceID: d.ID, Limit: 10})
		if err == nil || readErr != nil || len(events) != 0 || runs < 2 {
			t.Errorf("%v, %v: %d events after %d runs, want an error, none and several", err, readErr, len(events), runs)
		}
	})
}

// The lock is taken by the statement that makes the mark. A writer whose mark somebody removed must not go on without it.
func TestAWriterWithoutItsMarkGetsANewOne(t *testing.T) {
	s := newScene(t, migrated.New(t))
	s.user()
	s.sql("DELETE FROM write_marks")
	locked := make(chan int, 1)
	err := s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
		var n int
		row := s.engine.(*postgresEngine).reads.QueryRowContext(t.Context(),
			"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", closingLock)
		err := row.Scan(&n)
		locked <- n
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := <-locked; n != 1 {
		t.Errorf("the lock is held %d times, want once", n)
	}
	var marks int
	if err := s.engine.(*postgresEngine).reads.QueryRowContext(t.Context(), "SELECT count(*) FROM write_marks").Scan(&marks); err != nil || marks != 1 {
		t.Errorf("%d marks, %v, want one", marks, err)
	}
}
