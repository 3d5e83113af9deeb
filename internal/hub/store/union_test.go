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

// Without its mark nobody could tell whether a commit that lost its connection was made.
func TestAWriterWithoutItsMarkGetsANewOne(t *testing.T) {
	for name, write := range map[string]func(hub.Tx, keyshift.Device) error{
		"the changes go with the commit": func(tx hub.Tx, d keyshift.Device) error {
			return tx.Append(keyshift.AuditEvent{Action: "tried", DeviceID: d.ID})
		},
		"the changes were sent before": func(tx hub.Tx, d keyshift.Device) error { _, err := tx.CountRefusal(d.ID); return err },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, migrated.New(t))
			d := s.device(s.user())
			s.sql("DELETE FROM write_marks")
			if err := s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { return write(tx, d) }); err != nil {
				t.Fatal(err)
			}
			var marks int
			if err := s.engine.(*postgresEngine).reads.QueryRowContext(t.Context(), "SELECT count(*) FROM write_marks WHERE batch > 0").Scan(&marks); err != nil || marks != 1 {
				t.Errorf("%d marks, %v, want one", marks, err)
			}
		})
	}
}

// Ordinary writers hold the lock of closing together and closing ones alone; each its own, by which settle waits for it.
func TestAWriterHoldsItsLocks(t *testing.T) {
	s := newScene(t, migrated.New(t))
	s.user()
	of := fmt.Sprintf("objid = %d AND mode = ", closingLock)
	for kind, want := range map[hub.WriteKind][3]int{hub.Ordinary: {1, 0, 1}, hub.Releasing: {1, 0, 1}, hub.Closing: {0, 1, 1}, hub.Upkeep: {0, 0, 1}} {
		var got [3]int
		err := s.Write(t.Context(), kind, func(hub.Tx) error {
			got = [3]int{advisoryLocks(t, s.Store, of+"'ShareLock'"), advisoryLocks(t, s.Store, of+"'ExclusiveLock'"),
				advisoryLocks(t, s.Store, fmt.Sprintf("objid <> %d AND mode = 'ExclusiveLock'", closingLock))}
			return nil
		})
		if err != nil || got != want {
			t.Errorf("kind %d, %v: %v locks of closing together and alone, and of its own, want %v", kind, err, got, want)
		}
	}
}
