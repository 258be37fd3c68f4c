package store_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// The migration numbers messages that were there before it as the store numbers
// those that came after it, and members have read what was there.
func TestOldMessagesAreNumbered(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		db := storetest.Open(t, store.Options{DSN: dsn})
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, bob := f.user(app, "ann"), f.user(app, "bob")
		one, two := f.channel(app, chat.Public, "one", ann, bob), f.channel(app, chat.Public, "two", bob)
		f.channel(app, chat.Public, "empty", ann)
		for i, author := range []*chat.User{&ann, nil, &bob, &ann, nil, &bob, &bob} {
			f.message(one, author, fmt.Sprint(i))
			f.message(two, author, fmt.Sprint(i))
		}
		text := func(table, columns, order string) string {
			rows, err := raw(t, dsn).QueryContext(t.Context(), "SELECT "+columns+" FROM "+table+" ORDER BY "+order)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var out strings.Builder
			for rows.Next() {
				var a, b, c int64
				if err := rows.Scan(&a, &b, &c); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(&out, a, b, c)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
		numbers := func() string {
			return text("messages", "id, seq, ordinal", "id") + text("channels", "id, seq, message_count", "id")
		}
		before := numbers()
		f.update(func(tx *store.Tx) error {
			for _, u := range []chat.User{ann, bob} {
				if err := tx.MoveReadPosition(one.ID, u.ID, 100); err != nil {
					return err
				}
			}
			return tx.MoveReadPosition(two.ID, bob.ID, 100)
		})
		read := text("members", "read_seq, read_ordinal, own_unread", "channel_id, user_id")
		migration, err := os.ReadFile("migrations/0002_read_state.sql")
		if err != nil {
			t.Fatal(err)
		}
		reset := []string{
			"UPDATE messages SET ordinal = 0", "UPDATE channels SET message_count = 0",
			"UPDATE members SET read_seq = 0, read_ordinal = 0, own_unread = 0",
		}
		for _, statement := range append(reset, updatesOf(string(migration))...) {
			if _, err := raw(t, dsn).ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		if diff := cmp.Diff(before, numbers()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(read, text("members", "read_seq, read_ordinal, own_unread", "channel_id, user_id")); diff != "" {
			t.Error(diff)
		}
	})
}

// updatesOf picks the statements of a migration that change rows.
func updatesOf(text string) (updates []string) {
	for statement := range strings.SplitSeq(text, ";") {
		if at := strings.Index(statement, "UPDATE "); at >= 0 {
			updates = append(updates, statement[at:])
		}
	}
	return updates
}

// Who is no member has nothing to read, and no position.
func TestUnreadOfStrangers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, eve := f.user(app, "ann"), f.user(app, "eve")
		room := f.channel(app, chat.Public, "room", ann)
		f.message(room, nil, "x")
		f.view(func(tx *store.Tx) error {
			n, err := tx.UnreadIn(room.ID, eve.ID)
			want(t, "unread in a channel", n, 0)
			if err != nil {
				return err
			}
			n, err = tx.UnreadOf(app, eve.ID)
			want(t, "unread in all", n, 0)
			if err != nil {
				return err
			}
			_, err = tx.ReadPosition(room.ID, eve.ID)
			wantError(t, "a position", err, store.ErrNotFound)
			_, err = tx.LastRead(room.ID, eve.ID, 0)
			wantError(t, "a last message", err, store.ErrNotFound)
			_, err = tx.LastRead(room.ID, ann.ID, 0)
			wantError(t, "a last message", err, store.ErrNotFound)
			return nil
		})
		f.update(func(tx *store.Tx) error {
			wantError(t, "moving", tx.MoveReadPosition(room.ID, eve.ID, 1), store.ErrNotFound)
			return nil
		})
	})
}
