package messages_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

// TestReadingFollowsANaiveModel sends, reads, unreads, joins and leaves at
// random, and compares all that can be asked about reading with a model that
// keeps lists and counts them.
func TestReadingFollowsANaiveModel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			m := newReaders(t, w, fmt.Sprint("readers ", n))
			t.Repeat(map[string]func(*rapid.T){
				"send":         m.send,
				"read":         m.read,
				"read channel": m.readChannel,
				"unread":       m.unread,
				"join":         m.join,
				"leave":        m.leave,
			})
			m.check(t)
			m.checkNews(t)
		})
	})
}

// readers is what a naive observer knows of who has read what.
type readers struct {
	w     *apptest.World
	app   chat.ApplicationID
	users []chat.User
	rooms []*shelf
	// news are the receipts that must have been told.
	news []string
}

// shelf is a channel: its messages, and how many of the oldest of them each
// member has read.
type shelf struct {
	id       chat.ChannelID
	messages []shelved
	read     map[chat.UserID]int
}

type shelved struct {
	id     chat.MessageID
	author chat.UserID
}

func newReaders(t *rapid.T, w *apptest.World, name string) *readers {
	c, err := w.Accounts.CreateApplication(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	m := &readers{w: w, app: c.Application.ID}
	for i := range 3 {
		m.users = append(m.users, w.UserOf(m.app, fmt.Sprint("user ", i)))
	}
	for i := range 2 {
		c, err := w.Channels.Create(t.Context(), chat.Actor{Application: m.app}, channels.CreateInput{Type: chat.Public, Name: fmt.Sprint("room ", i)})
		if err != nil {
			t.Fatal(err)
		}
		m.rooms = append(m.rooms, &shelf{id: c.Channel.ID, read: map[chat.UserID]int{}})
	}
	w.Events()
	return m
}

func (m *readers) draw(t *rapid.T) (chat.User, *shelf) {
	return rapid.SampledFrom(m.users).Draw(t, "user"), rapid.SampledFrom(m.rooms).Draw(t, "room")
}

// message draws a message of a channel, and its index.
func (r *shelf) message(t *rapid.T) (int, shelved) {
	if len(r.messages) == 0 {
		t.Skip("no messages")
	}
	i := rapid.IntRange(0, len(r.messages)-1).Draw(t, "message")
	return i, r.messages[i]
}

// code is the refusal of who is no member.
func (r *shelf) code(u chat.User) chat.Code {
	if _, member := r.read[u.ID]; !member {
		return chat.Forbidden
	}
	return ""
}

func (m *readers) send(t *rapid.T) {
	u, r := m.draw(t)
	actor, in := chat.Actor{Application: m.app}, messages.SendInput{Channel: r.id, Body: "x"}
	written := shelved{}
	switch rapid.IntRange(0, 3).Draw(t, "as") {
	case 0: // a system message
	case 1: // the application for anybody, a member or not
		in.User, written.author = chat.UserRef{ID: u.ID}, u.ID
	default:
		actor, written.author = m.w.As(u), u.ID
	}
	sent, err := m.w.Messages.Send(t.Context(), actor, in)
	if !actor.IsApplication() && r.code(u) != "" {
		outcome(t, "send", err, r.code(u))
		return
	}
	outcome(t, "send", err, "")
	written.id = sent.Message.ID
	r.messages = append(r.messages, written)
}

func (m *readers) read(t *rapid.T) {
	u, r := m.draw(t)
	i, said := r.message(t)
	err := m.w.Messages.Read(t.Context(), m.w.As(u), said.id)
	outcome(t, "read", err, r.code(u))
	m.forward(u, r, i+1)
}

func (m *readers) readChannel(t *rapid.T) {
	u, r := m.draw(t)
	err := m.w.Messages.ReadChannel(t.Context(), m.w.As(u), r.id)
	outcome(t, "read channel", err, r.code(u))
	m.forward(u, r, len(r.messages))
}

func (m *readers) forward(u chat.User, r *shelf, to int) {
	from, member := r.read[u.ID]
	if !member || to <= from {
		return
	}
	r.read[u.ID] = to
	for _, said := range slices.Backward(r.messages[from:to]) {
		if said.author != u.ID {
			m.news = append(m.news, fmt.Sprint(chat.MessageRead, said.id, u.ID))
			return
		}
	}
}

func (m *readers) unread(t *rapid.T) {
	u, r := m.draw(t)
	i, said := r.message(t)
	err := m.w.Messages.Unread(t.Context(), m.w.As(u), said.id)
	outcome(t, "unread", err, r.code(u))
	from, member := r.read[u.ID]
	if !member || from <= i {
		return
	}
	r.read[u.ID] = i
	for _, said := range r.messages[i:from] {
		if said.author != u.ID {
			m.news = append(m.news, fmt.Sprint(chat.MessageUnread, said.id, u.ID))
			return
		}
	}
}

func (m *readers) join(t *rapid.T) {
	u, r := m.draw(t)
	_, _, err := m.w.Channels.Join(t.Context(), m.w.As(u), r.id)
	outcome(t, "join", err, "")
	if _, member := r.read[u.ID]; !member {
		r.read[u.ID] = len(r.messages)
	}
}

func (m *readers) leave(t *rapid.T) {
	u, r := m.draw(t)
	_, err := m.w.Channels.Leave(t.Context(), m.w.As(u), r.id)
	outcome(t, "leave", err, r.code(u))
	delete(r.read, u.ID)
}

// behind counts what a user has not read.
func (r *shelf) behind(u chat.User) (n int64) {
	read, member := r.read[u.ID]
	if !member {
		return 0
	}
	for _, said := range r.messages[read:] {
		if said.author != u.ID {
			n++
		}
	}
	return n
}

// check asks everything that can be asked about reading.
func (m *readers) check(t *rapid.T) {
	for _, u := range m.users {
		actor, total, unread := m.w.As(u), int64(0), map[chat.ChannelID]bool{}
		for _, r := range m.rooms {
			behind := r.behind(u)
			total += behind
			if behind > 0 {
				unread[r.id] = true
			}
			n, err := m.w.Messages.Count(t.Context(), actor, r.id, true)
			outcome(t, "count unread", err, "")
			if n != behind {
				t.Fatalf("%s: %d unread messages, want %d", u.Name, n, behind)
			}
			m.checkLastRead(t, u, r)
		}
		n, err := m.w.Messages.CountUnread(t.Context(), actor, u.ID)
		outcome(t, "count all unread", err, "")
		if n != total {
			t.Fatalf("%s: %d unread messages in all, want %d", u.Name, n, total)
		}
		p, err := m.w.Channels.List(t.Context(), actor, chat.ChannelFilter{Unread: true}, chat.PageRequest{})
		outcome(t, "list unread channels", err, "")
		listed := map[chat.ChannelID]bool{}
		for _, v := range p.Items {
			listed[v.Channel.ID] = v.Member
		}
		if diff := cmp.Diff(unread, listed); diff != "" {
			t.Fatalf("unread channels of %s: %s", u.Name, diff)
		}
		n, err = m.w.Channels.Count(t.Context(), actor, chat.ChannelFilter{Unread: true})
		outcome(t, "count unread channels", err, "")
		if n != int64(len(unread)) {
			t.Fatalf("%s: %d unread channels, want %d", u.Name, n, len(unread))
		}
	}
	for _, r := range m.rooms {
		m.checkReceipts(t, r)
	}
}

func (m *readers) checkLastRead(t *rapid.T, u chat.User, r *shelf) {
	last, err := m.w.Messages.LastRead(t.Context(), chat.Actor{Application: m.app}, r.id, u.Name)
	read := r.read[u.ID]
	if read == 0 {
		outcome(t, "last read", err, chat.NotFound)
		return
	}
	outcome(t, "last read", err, "")
	if last.ID != r.messages[read-1].id {
		t.Fatalf("%s has last read %d, want %d", u.Name, last.ID, r.messages[read-1].id)
	}
}

func (m *readers) checkReceipts(t *rapid.T, r *shelf) {
	n, err := m.w.Messages.Count(t.Context(), chat.Actor{Application: m.app}, r.id, false)
	outcome(t, "count", err, "")
	if int(n) != len(r.messages) {
		t.Fatalf("%d messages, want %d", n, len(r.messages))
	}
	for i, said := range r.messages {
		p, err := m.w.Messages.ListReceipts(t.Context(), chat.Actor{Application: m.app}, said.id, chat.PageRequest{})
		outcome(t, "list receipts", err, "")
		found, wanted := map[chat.UserID]bool{}, map[chat.UserID]bool{}
		for _, receipt := range p.Items {
			found[receipt.User.ID] = true
		}
		for user, read := range r.read {
			if read > i && user != said.author {
				wanted[user] = true
			}
		}
		if diff := cmp.Diff(wanted, found); diff != "" {
			t.Fatalf("receipts of message %d: %s", said.id, diff)
		}
	}
}

// checkNews compares the receipts that were told with those that came and went.
func (m *readers) checkNews(t *rapid.T) {
	var told []string
	for _, e := range m.w.Events() {
		if e.Application == m.app && !e.Kind.Numbered() {
			told = append(told, fmt.Sprint(e.Kind, e.Subject, e.Target))
		}
	}
	if diff := cmp.Diff(m.news, told); diff != "" {
		t.Fatalf("receipts told: %s", diff)
	}
}
