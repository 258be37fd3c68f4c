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

// TestReadingFollowsANaiveModel sends, reads, unreads, joins, leaves, deletes,
// clears and blocks at random, and compares all that can be asked about reading
// with a model that keeps lists and counts them.
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
				"delete":       m.delete,
				"hide":         m.hide,
				"clear":        m.clear,
				"block":        m.block,
				"unblock":      m.unblock,
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
	blocks
	// news are the receipts that must have been told, told those that were.
	news, told []string
}

// shelf is a channel: its messages, and how many of the oldest of them each
// member has read, or cleared away.
type shelf struct {
	id            chat.ChannelID
	messages      []*shelved
	read, cleared map[chat.UserID]int
}

type shelved struct {
	id      chat.MessageID
	seq     chat.Seq
	author  chat.UserID
	deleted bool
	hidden  map[chat.UserID]bool
}

// blocks are who blocks whom.
type blocks map[[2]chat.UserID]bool

// change draws two users, and makes one of them block the other, or no longer.
func (b blocks) change(t *rapid.T, w *apptest.World, users []chat.User, on bool) {
	u, other := rapid.SampledFrom(users).Draw(t, "blocker"), rapid.SampledFrom(users).Draw(t, "blocked")
	if u.ID == other.ID {
		t.Skip("blocking oneself")
	}
	key := [2]chat.UserID{u.ID, other.ID}
	if on {
		_, changed, err := w.Accounts.BlockUser(t.Context(), w.As(u), other.ID)
		outcome(t, "block", err, "")
		if changed == b[key] {
			t.Fatalf("blocking changed: %v, blocked before: %v", changed, b[key])
		}
	} else {
		_, err := w.Accounts.UnblockUser(t.Context(), w.As(u), other.ID)
		code := chat.NotFound
		if b[key] {
			code = ""
		}
		outcome(t, "unblock", err, code)
	}
	b[key] = on
}

func newReaders(t *rapid.T, w *apptest.World, name string) *readers {
	c, err := w.Accounts.CreateApplication(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	m := &readers{w: w, app: c.Application.ID, blocks: blocks{}}
	for i := range 3 {
		m.users = append(m.users, w.UserOf(m.app, fmt.Sprint("user ", i)))
	}
	for i := range 2 {
		c, err := w.Channels.Create(t.Context(), chat.Actor{Application: m.app}, channels.CreateInput{Type: chat.Public, Name: fmt.Sprint("room ", i)})
		if err != nil {
			t.Fatal(err)
		}
		m.rooms = append(m.rooms, &shelf{id: c.Channel.ID, read: map[chat.UserID]int{}, cleared: map[chat.UserID]int{}})
	}
	w.Events()
	return m
}

func (m *readers) draw(t *rapid.T) (chat.User, *shelf) {
	return rapid.SampledFrom(m.users).Draw(t, "user"), rapid.SampledFrom(m.rooms).Draw(t, "room")
}

// message draws a message of a channel, be it deleted, and its index.
func (r *shelf) message(t *rapid.T) (int, *shelved) {
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
	written := &shelved{hidden: map[chat.UserID]bool{}}
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
	written.id, written.seq = sent.Message.ID, sent.Message.Seq
	r.messages = append(r.messages, written)
}

func (m *readers) read(t *rapid.T) {
	u, r := m.draw(t)
	i, said := r.message(t)
	err := m.w.Messages.Read(t.Context(), m.w.As(u), said.id)
	if said.deleted {
		outcome(t, "read what is gone", err, chat.NotFound)
		return
	}
	outcome(t, "read", err, r.code(u))
	m.forward(u, r, i+1)
}

func (m *readers) readChannel(t *rapid.T) {
	u, r := m.draw(t)
	err := m.w.Messages.ReadChannel(t.Context(), m.w.As(u), r.id)
	outcome(t, "read channel", err, r.code(u))
	// What was deleted at the end is not read, and nobody can tell.
	to := len(r.messages)
	for to > 0 && r.messages[to-1].deleted {
		to--
	}
	m.forward(u, r, to)
}

func (m *readers) forward(u chat.User, r *shelf, to int) {
	from, member := r.read[u.ID]
	if !member || to <= from {
		return
	}
	r.read[u.ID] = to
	for _, said := range slices.Backward(r.messages[from:to]) {
		if said.author != u.ID && !said.deleted {
			m.news = append(m.news, fmt.Sprint(chat.MessageRead, said.id, u.ID))
			return
		}
	}
}

func (m *readers) unread(t *rapid.T) {
	u, r := m.draw(t)
	i, said := r.message(t)
	err := m.w.Messages.Unread(t.Context(), m.w.As(u), said.id)
	if said.deleted {
		outcome(t, "unread what is gone", err, chat.NotFound)
		return
	}
	outcome(t, "unread", err, r.code(u))
	from, member := r.read[u.ID]
	if !member || from <= i {
		return
	}
	r.read[u.ID] = i
	for _, said := range r.messages[i:from] {
		if said.author != u.ID && !said.deleted {
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
	delete(r.cleared, u.ID)
}

func (m *readers) delete(t *rapid.T) {
	_, r := m.draw(t)
	_, said := r.message(t)
	m.listen() // the log does not say what the message said once it is gone
	_, err := m.w.Messages.Delete(t.Context(), chat.Actor{Application: m.app}, said.id)
	if said.deleted {
		outcome(t, "delete what is gone", err, chat.NotFound)
		return
	}
	outcome(t, "delete", err, "")
	said.deleted = true
}

func (m *readers) hide(t *rapid.T) {
	u, r := m.draw(t)
	_, said := r.message(t)
	_, changed, err := m.w.Messages.DeleteForMe(t.Context(), m.w.As(u), said.id)
	if said.deleted {
		outcome(t, "hide what is gone", err, chat.NotFound)
		return
	}
	outcome(t, "hide", err, "")
	if changed == said.hidden[u.ID] {
		t.Fatalf("hiding changed: %v, hidden before: %v", changed, said.hidden[u.ID])
	}
	said.hidden[u.ID] = true
}

func (m *readers) clear(t *rapid.T) {
	u, r := m.draw(t)
	_, changed, err := m.w.Channels.ClearHistory(t.Context(), m.w.As(u), r.id)
	outcome(t, "clear", err, r.code(u))
	if err != nil {
		return
	}
	if changed != (r.cleared[u.ID] < len(r.messages)) {
		t.Fatalf("clearing %d messages changed: %v, cleared before: %d", len(r.messages), changed, r.cleared[u.ID])
	}
	r.cleared[u.ID] = len(r.messages)
}

func (m *readers) block(t *rapid.T) { m.change(t, m.w, m.users, true) }

func (m *readers) unblock(t *rapid.T) { m.change(t, m.w, m.users, false) }

// shown are the indices of a channel's messages that a user is shown, oldest
// first. The zero user is the application.
func (m *readers) shown(u chat.User, r *shelf) (list []int) {
	for i, said := range r.messages {
		if i >= r.cleared[u.ID] && !said.deleted && !said.hidden[u.ID] && !m.blocks[[2]chat.UserID{u.ID, said.author}] {
			list = append(list, i)
		}
	}
	return list
}

// behind counts what a user has not read.
func (m *readers) behind(u chat.User, r *shelf) (n int64) {
	read, member := r.read[u.ID]
	for _, i := range m.shown(u, r) {
		if member && i >= read && r.messages[i].author != u.ID {
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
			behind := m.behind(u, r)
			total += behind
			if behind > 0 {
				unread[r.id] = true
			}
			n, err := m.w.Messages.Count(t.Context(), actor, r.id, true)
			outcome(t, "count unread", err, "")
			if n != behind {
				t.Fatalf("%s: %d unread messages, want %d", u.Name, n, behind)
			}
			for _, viewer := range append(m.users, chat.User{Application: m.app}) {
				m.checkLastRead(t, u, viewer, r)
			}
			m.checkShown(t, u, r)
		}
		m.checkOwn(t, u)
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

// checkLastRead compares what a user has last read with what a viewer is told.
func (m *readers) checkLastRead(t *rapid.T, u, viewer chat.User, r *shelf) {
	last, err := m.w.Messages.LastRead(t.Context(), m.w.As(viewer), r.id, u.Name)
	wanted := chat.MessageID(0)
	if at, read := m.position(u, viewer, r); read {
		wanted = r.messages[at].id
	}
	if wanted == 0 {
		outcome(t, "last read", err, chat.NotFound)
		return
	}
	outcome(t, "last read", err, "")
	if last.ID != wanted {
		t.Fatalf("%s has last read %d to %s, want %d", u.Name, last.ID, viewer.Name, wanted)
	}
}

// position is the newest message that a user has read, as a viewer is told.
func (m *readers) position(u, viewer chat.User, r *shelf) (at int, any bool) {
	for _, i := range m.shown(viewer, r) {
		if i < r.read[u.ID] && !m.blocks[[2]chat.UserID{viewer.ID, u.ID}] {
			at, any = i, true
		}
	}
	return at, any
}

// checkShown compares what a user is shown of a channel.
func (m *readers) checkShown(t *rapid.T, u chat.User, r *shelf) {
	actor := m.w.As(u)
	var shown []chat.MessageID
	var seqs []int64
	for _, i := range slices.Backward(m.shown(u, r)) {
		shown = append(shown, r.messages[i].id)
		seqs = append(seqs, int64(r.messages[i].seq))
	}
	p, err := m.w.Messages.List(t.Context(), actor, chat.MessageFilter{Channel: r.id}, chat.Cursor{Size: 1000})
	outcome(t, "list", err, "")
	if diff := cmp.Diff(shown, idsOf(p)); diff != "" {
		t.Fatalf("%s is shown: %s", u.Name, diff)
	}
	v, err := m.w.Channels.Retrieve(t.Context(), actor, r.id)
	outcome(t, "retrieve", err, "")
	if newest := v.Channel.LastMessage; (newest == nil) != (len(shown) == 0) || newest != nil && newest.ID != shown[0] {
		t.Fatalf("%s's newest is %+v of %v", u.Name, newest, shown)
	}
	n, err := m.w.Messages.Count(t.Context(), actor, r.id, false)
	outcome(t, "count", err, "")
	if int(n) != len(shown) {
		t.Fatalf("%s is shown %d messages, want %d", u.Name, n, len(shown))
	}
	positions := map[chat.UserID]chat.MessageID{}
	for _, reader := range m.users {
		if at, any := m.position(reader, u, r); any {
			positions[reader.ID] = r.messages[at].id
		}
	}
	// However the list is cut into pages, they tell of all positions.
	told := map[chat.UserID]chat.MessageID{}
	for page := range slices.Chunk(seqs, 1+len(seqs)/2) {
		list, err := m.w.Messages.ReadBy(t.Context(), actor, r.id, page[0], page[len(page)-1])
		outcome(t, "read by", err, "")
		for _, x := range list {
			if told[x.User] != 0 {
				t.Fatalf("position of %d told twice", x.User)
			}
			told[x.User] = x.Message
		}
	}
	if diff := cmp.Diff(positions, told); diff != "" {
		t.Fatalf("positions as %s is told: %s", u.Name, diff)
	}
}

// checkOwn pages through the messages of all channels of a user, there and back.
func (m *readers) checkOwn(t *rapid.T, u chat.User) {
	actor := m.w.As(u)
	var shown []chat.MessageID
	for _, r := range m.rooms {
		for _, i := range m.shown(u, r) {
			if _, member := r.read[u.ID]; member {
				shown = append(shown, r.messages[i].id)
			}
		}
	}
	slices.Sort(shown)
	slices.Reverse(shown)
	size := rapid.IntRange(1, 4).Draw(t, "size")
	var there, back []chat.MessageID
	var p chat.CursorPage[chat.Message]
	for c, more := (chat.Cursor{Size: size}), true; more; c.From, more = p.Next, p.Next != 0 {
		var err error
		p, err = m.w.Messages.ListOwn(t.Context(), actor, "", c)
		outcome(t, "list all", err, "")
		there = append(there, idsOf(p)...)
		if p.Newer != (c.From != 0) {
			t.Fatalf("there is something newer than the page from %d: %v", c.From, p.Newer)
		}
	}
	if diff := cmp.Diff(shown, there); diff != "" {
		t.Fatalf("%s's messages: %s", u.Name, diff)
	}
	back = idsOf(p)
	for p.Newer {
		var err error
		p, err = m.w.Messages.ListOwn(t.Context(), actor, "", chat.Cursor{Size: size, Before: p.First})
		outcome(t, "list what is newer", err, "")
		back = append(idsOf(p), back...)
	}
	if diff := cmp.Diff(shown, back); diff != "" {
		t.Fatalf("%s's messages, backwards: %s", u.Name, diff)
	}
	files, err := m.w.Messages.ListOwn(t.Context(), actor, chat.FileMessage, chat.Cursor{})
	outcome(t, "list all files", err, "")
	texts, err := m.w.Messages.ListOwn(t.Context(), actor, chat.TextMessage, chat.Cursor{Size: 1000})
	outcome(t, "list all texts", err, "")
	if len(files.Items) != 0 || len(texts.Items) != min(len(shown), chat.MaxPageSize) {
		t.Fatalf("%s has %d files and %d texts", u.Name, len(files.Items), len(texts.Items))
	}
}

func idsOf(p chat.CursorPage[chat.Message]) (ids []chat.MessageID) {
	for _, x := range p.Items {
		ids = append(ids, x.ID)
	}
	return ids
}

func (m *readers) checkReceipts(t *rapid.T, r *shelf) {
	application := chat.User{Application: m.app}
	n, err := m.w.Messages.Count(t.Context(), m.w.As(application), r.id, false)
	outcome(t, "count", err, "")
	if all := m.shown(application, r); int(n) != len(all) {
		t.Fatalf("%d messages, want %d", n, len(all))
	}
	for i, said := range r.messages {
		for _, viewer := range []chat.User{application, m.users[0]} {
			p, err := m.w.Messages.ListReceipts(t.Context(), m.w.As(viewer), said.id, chat.PageRequest{})
			if said.deleted {
				outcome(t, "list receipts of what is gone", err, chat.NotFound)
				continue
			}
			outcome(t, "list receipts", err, "")
			found, wanted := map[chat.UserID]bool{}, map[chat.UserID]bool{}
			for _, receipt := range p.Items {
				found[receipt.User.ID] = true
			}
			for user, read := range r.read {
				if read > i && user != said.author && !m.blocks[[2]chat.UserID{viewer.ID, user}] {
					wanted[user] = true
				}
			}
			if diff := cmp.Diff(wanted, found); diff != "" {
				t.Fatalf("receipts of message %d: %s", said.id, diff)
			}
		}
	}
}

// listen takes note of the receipts that have been told.
func (m *readers) listen() {
	for _, e := range m.w.Events() {
		if e.Application == m.app && !e.Kind.Numbered() {
			m.told = append(m.told, fmt.Sprint(e.Kind, e.Subject, e.Target))
		}
	}
}

// checkNews compares the receipts that were told with those that came and went.
func (m *readers) checkNews(t *rapid.T) {
	m.listen()
	if diff := cmp.Diff(m.news, m.told); diff != "" {
		t.Fatalf("receipts told: %s", diff)
	}
}
