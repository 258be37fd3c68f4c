package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// nearly is how much time lies between the batches of a slow import.
const nearly = 10 * time.Second

// history imports a message, in a batch of its own.
func (f fixture) history(c chat.Channel, id chat.MessageID, body string) {
	f.t.Helper()
	f.update(func(tx *store.Tx) error {
		return tx.ImportMessages(c.Application, []chat.Message{{
			ID: id, Application: c.Application, Channel: c.ID, Type: chat.SystemTextMessage, Body: body, CreatedAt: tx.Now,
		}})
	})
}

func (f fixture) search(app chat.ApplicationID, query string, from, before int64) (list []chat.Message, statements int) {
	f.t.Helper()
	f.view(func(tx *store.Tx) (err error) {
		asked := store.StatementsOf(tx)
		list, _, err = tx.Search(chat.MessageFilter{Application: app, Query: query}, from, before, 100)
		statements = store.StatementsOf(tx) - asked
		return err
	})
	return list, statements
}

// An import leaves a range of messages to be indexed with each of its batches.
// However many there are, whosever they are, a search takes as long.
func TestASearchTakesABoundedNumberOfQueriesDuringAnImport(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app, other := f.application("app").ID, f.application("other").ID
		busy, calm := f.channel(app, chat.Public, "busy"), f.channel(other, chat.Public, "calm")
		clock := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		ids := ident.New(1, func() time.Time { return clock }, 0)
		batches := func(n int) {
			for range n {
				clock = clock.Add(nearly)
				f.history(busy, chat.MessageID(ids.Next()), "old fish")
			}
		}
		batches(2)
		_, few := f.search(other, "fish", 0, 0)
		batches(30)
		_, many := f.search(other, "fish", 0, 0)
		want(t, "statements for a search elsewhere", many, few)

		// An import of another day is looked at by itself, and in its place.
		clock = clock.Add(24 * time.Hour)
		f.history(calm, chat.MessageID(ids.Next()), "calm fish")
		batches(3)
		list, _ := f.search(app, "fish", 0, 0)
		want(t, "found", len(list), 35)
		for i, m := range list[1:] {
			if m.ID >= list[i].ID {
				t.Fatalf("%d follows %d", m.ID, list[i].ID)
			}
		}
		newer, _ := f.search(app, "fish", 0, int64(list[34].ID))
		want(t, "newer than the oldest", fmt.Sprint(len(newer), newer[0].ID == list[0].ID, newer[33].ID == list[33].ID), "34 true true")
	})
}

// What no event tells of is indexed also where there is always some event.
func TestTheIndexTakesTurns(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		room := f.channel(app, chat.Public, "room")
		f.history(room, 2000, "old fish")
		for range 3 {
			f.update(func(tx *store.Tx) error {
				_, err := tx.Record(chat.Event{Application: app, Kind: chat.ChannelUpdated, Channel: room.ID, Subject: int64(room.ID)})
				return err
			})
			f.update(func(tx *store.Tx) error { return tx.Index(10) })
		}
		f.view(func(tx *store.Tx) error {
			waiting, err := tx.ToIndex()
			want(t, "anything left to index", waiting, false)
			return err
		})
		list, _ := f.search(app, "fish", 0, 0)
		want(t, "found", len(list), 1)
	})
}
