package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

func TestMessagesAreFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app, other := f.application("app").ID, f.application("other").ID
		ann := f.user(app, "ann")
		room := f.channel(app, chat.Public, "room", ann)
		m := chat.Message{
			ID: chat.MessageID(f.id()), Application: app, Channel: room.ID, Type: chat.TextMessage, User: &ann,
			Body: "höllo 🐈 'quoted'", GroupTag: "tag", Properties: `{"a":"\u0000"}`,
		}
		f.update(func(tx *store.Tx) (err error) {
			m, err = writeMessage(tx, m)
			return err
		})
		system := f.message(room, nil, "system")
		f.view(func(tx *store.Tx) error {
			got, err := tx.Message(app, m.ID)
			if diff := cmp.Diff(m, got); diff != "" || err != nil {
				t.Errorf("by id: %v %s", err, diff)
			}
			_, err = tx.Message(other, m.ID)
			wantError(t, "of another application", err, store.ErrNotFound)
			found, err := tx.MessagesByID(app, []chat.MessageID{system.ID, m.ID, 3})
			if diff := cmp.Diff(map[chat.MessageID]chat.Message{m.ID: m, system.ID: system}, found); diff != "" || err != nil {
				t.Errorf("by ids: %v %s", err, diff)
			}
			found, err = tx.MessagesByID(other, []chat.MessageID{m.ID})
			want(t, "elsewhere", len(found), 0)
			return err
		})
	})
}

func TestMessagesArePagedInBothDirections(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		room, other := f.channel(app, chat.Public, "room"), f.channel(app, chat.Public, "other")
		newest := func(c chat.Channel) (seq chat.Seq) {
			f.view(func(tx *store.Tx) (err error) {
				seq, err = tx.NewestMessageSeq(chat.MessageFilter{Channel: c.ID})
				return err
			})
			return seq
		}
		want(t, "the newest of none", newest(room), 0)
		for i := 1; i <= 6; i++ { // numbered like their bodies
			f.message(room, nil, fmt.Sprint(i))
			f.message(other, nil, "noise")
		}
		want(t, "the newest", newest(room), 6)
		for _, c := range []struct {
			from, before chat.Seq
			limit        int
			bodies       string
		}{
			{0, 0, 3, "[6 5 4]"},
			{3, 0, 2, "[3 2]"},
			{3, 0, 10, "[3 2 1]"},
			{0, 3, 2, "[5 4]"},
			{0, 3, 10, "[6 5 4]"},
			{0, 6, 10, "[]"},
			{99, 0, 2, "[6 5]"},
		} {
			f.view(func(tx *store.Tx) error {
				list, err := tx.ListMessages(chat.MessageFilter{Channel: room.ID}, int64(c.from), int64(c.before), c.limit)
				want(t, fmt.Sprintf("from %d, before %d", c.from, c.before), names(list, body), c.bodies)
				return err
			})
		}
	})
}
