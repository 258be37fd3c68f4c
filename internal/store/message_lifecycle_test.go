package store_test

import (
	"fmt"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// full writes a channel of n messages, each with a reply, reactions of two users,
// and mentions.
func full(f fixture, app chat.ApplicationID, n int, ann, bob chat.User) chat.Channel {
	room := f.channel(app, chat.Public, "room", ann, bob)
	for i := range n {
		top := f.message(room, &ann, fmt.Sprint(i))
		f.update(func(tx *store.Tx) error {
			reply := chat.Message{
				ID: chat.MessageID(f.id()), Application: app, Channel: room.ID, Type: chat.TextMessage, User: &bob, Body: "<@ann> <#room>",
				Parent: top.ID, Level: 1,
				Mentions: []chat.Mention{{Span: chat.Span{End: 6, Text: "<@ann>"}, User: &ann}, {Span: chat.Span{Start: 7, End: 14, Text: "<#room>"}, Channel: &room}},
			}
			if _, err := writeMessage(tx, reply); err != nil {
				return err
			}
			for _, u := range []chat.User{ann, bob} {
				r := chat.Reaction{ID: chat.ReactionID(f.id()), Message: top.ID, Emoji: "👍", User: &u, CreatedAt: tx.Now}
				if err := tx.InsertReaction(top, r); err != nil {
					return err
				}
			}
			return tx.HideMessage(top, bob.ID)
		})
	}
	return room
}

func TestAPageOfMessagesTakesABoundedNumberOfQueries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, bob := f.user(app, "ann"), f.user(app, "bob")
		room := full(f, app, 30, ann, bob)
		queries := func(size int) (n int) {
			f.view(func(tx *store.Tx) error {
				before := store.StatementsOf(tx)
				list, err := tx.ListMessages(chat.MessageFilter{Channel: room.ID, Viewer: ann.ID}, 0, 0, size)
				n = store.StatementsOf(tx) - before
				want(t, "messages", len(list), size)
				if top := list[1]; top.Replies != 1 || len(top.Reactions) != 1 || len(top.Reactions[0].Users) != 2 {
					t.Errorf("not complete: %+v", top)
				}
				if reply := list[0]; reply.Parent != list[1].ID || len(reply.Mentions) != 2 || reply.Mentions[1].Channel.Name != "room" {
					t.Errorf("not complete: %+v", reply)
				}
				return err
			})
			return n
		}
		few, many := queries(2), queries(60)
		want(t, "queries for 60 messages, as for 2", many, few)
		if many > 6 {
			t.Errorf("%d queries", many)
		}
	})
}

func TestWhatADeletedChannelHeldIsPurged(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		db := storetest.Open(t, store.Options{DSN: dsn})
		rows := storetest.Counter(t, dsn)
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, bob := f.user(app, "ann"), f.user(app, "bob")
		room := full(f, app, 7, ann, bob)
		f.update(func(tx *store.Tx) error {
			return tx.InsertThread(chat.Thread{ID: chat.ThreadID(f.id()), Application: app, Channel: room.ID, CreatedAt: tx.Now})
		})
		for range 5 {
			f.update(func(tx *store.Tx) error { return tx.InsertChannelBlock(app, f.id(), room.ID, chat.UserID(f.id())) })
		}
		for more := true; more; {
			f.update(func(tx *store.Tx) (err error) {
				more, err = tx.PurgeChannel(room.ID, 3)
				return err
			})
		}
		left := rows()
		for _, table := range []string{"messages", "reactions", "hidden_messages", "message_reports", "threads", "channel_blocks"} {
			want(t, table, left[table], 0)
		}
	})
}
