package store_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// fixture writes entities straight into a database, for tests of what reads
// them.
type fixture struct {
	t    testing.TB
	db   *store.DB
	last *atomic.Int64
}

func newFixture(t testing.TB, db *store.DB) fixture {
	last := new(atomic.Int64)
	last.Store(1000)
	return fixture{t: t, db: db, last: last}
}

// id gives identifiers that grow.
func (f fixture) id() int64 { return f.last.Add(1) }

func (f fixture) update(fn func(tx *store.Tx) error) {
	f.t.Helper()
	if err := f.db.Update(f.t.Context(), fn); err != nil {
		f.t.Fatal(err)
	}
}

func (f fixture) view(fn func(tx *store.Tx) error) {
	f.t.Helper()
	if err := f.db.View(f.t.Context(), fn); err != nil {
		f.t.Fatal(err)
	}
}

func (f fixture) application(name string) chat.Application {
	f.t.Helper()
	a := chat.Application{
		ID: chat.ApplicationID(f.id()), Name: name, Key: "key of " + name, ClientID: "client of " + name,
		Settings: chat.Settings{
			GuestUsers: chat.Enabled, UserCreatedChannels: chat.Disabled, ReadOnDelivery: chat.Enabled, LinkPreviews: chat.Disabled,
		},
	}
	f.update(func(tx *store.Tx) error {
		a.CreatedAt = tx.Now
		return tx.InsertApplication(a, "hash of "+name)
	})
	return a
}

func (f fixture) user(app chat.ApplicationID, name string) chat.User {
	f.t.Helper()
	u := chat.User{ID: chat.UserID(f.id()), Application: app, Name: name, DisplayName: "Display " + name, Properties: `{"of":"` + chat.Properties(name) + `"}`}
	f.update(func(tx *store.Tx) error {
		u.CreatedAt = tx.Now
		return tx.InsertUser(u)
	})
	return u
}

// channel makes a channel of a type with members, created by the first of them.
func (f fixture) channel(app chat.ApplicationID, kind chat.ChannelType, name string, members ...chat.User) chat.Channel {
	f.t.Helper()
	c := chat.Channel{ID: chat.ChannelID(f.id()), Application: app, Type: kind, Name: name, DisplayName: name}
	key := ""
	ids := make([]chat.UserID, 0, len(members))
	for _, m := range members {
		ids = append(ids, m.ID)
	}
	if kind == chat.Direct {
		key = chat.DirectKey(ids)
	}
	if len(members) > 0 {
		c.Creator = &members[0]
	}
	f.update(func(tx *store.Tx) error {
		c.CreatedAt = tx.Now
		err := tx.InsertChannel(c, key)
		for _, id := range ids {
			err = errors.Join(err, tx.InsertMember(chat.Member{Channel: c.ID, User: id, JoinedAt: tx.Now}))
		}
		return err
	})
	return c
}

// message writes a message with its event.
func (f fixture) message(c chat.Channel, author *chat.User, body string) chat.Message {
	f.t.Helper()
	m := chat.Message{ID: chat.MessageID(f.id()), Application: c.Application, Channel: c.ID, Type: chat.TextMessage, User: author, Body: body}
	f.update(func(tx *store.Tx) (err error) {
		m, err = writeMessage(tx, m)
		return err
	})
	return m
}

// writeMessage does to the store what sending a message does.
func writeMessage(tx *store.Tx, m chat.Message) (chat.Message, error) {
	m.CreatedAt = tx.Now
	var actor chat.UserID
	if m.User != nil {
		actor = m.User.ID
	}
	var err error
	m.Seq, err = tx.Record(chat.Event{
		Application: m.Application, Kind: chat.MessageCreated, Channel: m.Channel, Actor: actor, Subject: int64(m.ID),
	})
	if err != nil {
		return m, err
	}
	return m, tx.InsertMessage(m)
}

// want fails the test unless got is what was wanted.
func want[T comparable](t testing.TB, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: %v, want %v", what, got, wanted)
	}
}

// wantError fails the test unless err is target.
func wantError(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want %v", what, err, target)
	}
}

// names maps a list to the names of its items.
func names[T any](list []T, name func(T) string) string {
	out := make([]string, 0, len(list))
	for _, item := range list {
		out = append(out, name(item))
	}
	return fmt.Sprint(out)
}

func userName(u chat.User) string       { return u.Name }
func channelName(c chat.Channel) string { return c.Name }
func body(m chat.Message) string        { return m.Body }

// at is a moment in whole microseconds.
func at(seconds int) time.Time {
	return time.Date(2026, 11, 22, 12, 0, seconds, 123_456_000, time.UTC)
}
