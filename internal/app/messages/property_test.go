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

// TestDeedsFollowANaiveModel does random deeds in an application of their own
// and compares what comes of them with what a few maps say.
func TestDeedsFollowANaiveModel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			m := newModel(t, w, fmt.Sprint("application ", n))
			t.Repeat(map[string]func(*rapid.T){
				"create": m.create,
				"direct": m.direct,
				"join":   m.join,
				"leave":  m.leave,
				"add":    m.add,
				"remove": m.remove,
				"send":   m.send,
				"delete": m.delete,
			})
			m.check(t)
		})
	})
}

// model is what a naive observer knows of an application.
type model struct {
	w        *apptest.World
	app      chat.ApplicationID
	users    []chat.User
	channels []*room
	requests map[string]chat.MessageID
}

type room struct {
	id       chat.ChannelID
	kind     chat.ChannelType
	name     string
	creator  chat.UserID
	members  map[chat.UserID]bool
	messages []chat.MessageID
	events   int
	deleted  bool
}

func newModel(t *rapid.T, w *apptest.World, name string) *model {
	c, err := w.Accounts.CreateApplication(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	m := &model{w: w, app: c.Application.ID, requests: map[string]chat.MessageID{}}
	for i := range 4 {
		m.users = append(m.users, w.UserOf(m.app, fmt.Sprint("user ", i)))
	}
	return m
}

func (m *model) user(t *rapid.T, what string) chat.User {
	return rapid.SampledFrom(m.users).Draw(t, what)
}

// room draws a channel; there may be none.
func (m *model) room(t *rapid.T) *room {
	if len(m.channels) == 0 {
		t.Skip("no channels")
	}
	return m.channels[rapid.IntRange(0, len(m.channels)-1).Draw(t, "channel")]
}

func (r *room) seen(u chat.User) bool {
	return !r.deleted && (r.kind == chat.Public || r.members[u.ID])
}

// outcome compares a deed's error with the code that the model foresees, empty
// for success.
func outcome(t *rapid.T, deed string, err error, code chat.Code) {
	got := chat.Code("")
	if err != nil {
		got = chat.CodeOf(err)
	}
	if got != code {
		t.Fatalf("%s: %q (%v), want %q", deed, got, err, code)
	}
}

func (m *model) create(t *rapid.T) {
	u := m.user(t, "creator")
	in := channels.CreateInput{
		Type: rapid.SampledFrom([]chat.ChannelType{chat.Public, chat.Private}).Draw(t, "type"),
		Name: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"),
	}
	members := map[chat.UserID]bool{u.ID: true}
	for _, other := range rapid.SliceOfN(rapid.SampledFrom(m.users), 0, 3).Draw(t, "members") {
		in.Members = append(in.Members, chat.UserRef{Name: other.Name})
		members[other.ID] = true
	}
	c, err := m.w.Channels.Create(t.Context(), m.w.As(u), in)
	at := slices.IndexFunc(m.channels, func(r *room) bool { return r.name == in.Name && !r.deleted })
	if at < 0 {
		outcome(t, "create", err, "")
		m.made(t, c, &room{kind: in.Type, name: in.Name, creator: u.ID, members: members})
		return
	}
	old := m.channels[at]
	if old.kind != in.Type || !old.seen(u) {
		outcome(t, "create", err, chat.Conflict)
		return
	}
	outcome(t, "create", err, "")
	if !c.Existed || c.Channel.ID != old.id || c.Member != old.members[u.ID] {
		t.Fatalf("found %+v, want %+v", c, old)
	}
}

func (m *model) direct(t *rapid.T) {
	u := m.user(t, "creator")
	in := channels.CreateInput{Type: chat.Direct}
	members := map[chat.UserID]bool{u.ID: true}
	for _, other := range rapid.SliceOfN(rapid.SampledFrom(m.users), 1, 3).Draw(t, "members") {
		in.Members = append(in.Members, chat.UserRef{ID: other.ID})
		members[other.ID] = true
	}
	c, err := m.w.Channels.Create(t.Context(), m.w.As(u), in)
	if len(members) < 2 {
		outcome(t, "direct", err, chat.Invalid)
		return
	}
	outcome(t, "direct", err, "")
	for _, old := range m.channels {
		if old.kind == chat.Direct && !old.deleted && cmp.Equal(old.members, members) {
			if !c.Existed || c.Channel.ID != old.id {
				t.Fatalf("found %+v, want %+v", c, old)
			}
			return
		}
	}
	m.made(t, c, &room{kind: chat.Direct, creator: u.ID, members: members})
}

func (m *model) made(t *rapid.T, c channels.Created, r *room) {
	if c.Existed {
		t.Fatalf("%+v existed before", c)
	}
	r.id, r.events = c.Channel.ID, len(r.members) // one for each, the creator's being that of the creation
	m.channels = append(m.channels, r)
}

func (m *model) join(t *rapid.T) {
	u, r := m.user(t, "user"), m.room(t)
	_, changed, err := m.w.Channels.Join(t.Context(), m.w.As(u), r.id)
	switch {
	case !r.seen(u):
		outcome(t, "join", err, chat.NotFound)
	default:
		outcome(t, "join", err, "")
		if changed == r.members[u.ID] {
			t.Fatalf("changed: %v, was a member: %v", changed, r.members[u.ID])
		}
		m.joined(r, u)
	}
}

func (m *model) joined(r *room, u chat.User) {
	if !r.members[u.ID] {
		r.members[u.ID] = true
		r.events++
	}
}

func (m *model) leave(t *rapid.T) {
	u, r := m.user(t, "user"), m.room(t)
	_, err := m.w.Channels.Leave(t.Context(), m.w.As(u), r.id)
	switch {
	case !r.seen(u):
		outcome(t, "leave", err, chat.NotFound)
	case r.kind == chat.Direct:
		outcome(t, "leave", err, chat.Invalid)
	case !r.members[u.ID]:
		outcome(t, "leave", err, chat.Forbidden)
	default:
		outcome(t, "leave", err, "")
		delete(r.members, u.ID)
		r.events++
	}
}

// managed is the code that keeps an actor from changing a channel's members; may
// tells whether a member like him may do it.
func (r *room) managed(actor chat.User, may bool) chat.Code {
	switch {
	case !r.seen(actor):
		return chat.NotFound
	case r.kind == chat.Direct:
		return chat.Invalid
	case !r.members[actor.ID] || !may:
		return chat.Forbidden
	default:
		return ""
	}
}

func (m *model) add(t *rapid.T) {
	actor, u, r := m.user(t, "actor"), m.user(t, "user"), m.room(t)
	_, err := m.w.Channels.AddMember(t.Context(), m.w.As(actor), r.id, chat.UserRef{ID: u.ID})
	outcome(t, "add", err, r.managed(actor, true))
	if err == nil {
		m.joined(r, u)
	}
}

func (m *model) remove(t *rapid.T) {
	actor, u, r := m.user(t, "actor"), m.user(t, "user"), m.room(t)
	_, err := m.w.Channels.RemoveMember(t.Context(), m.w.As(actor), r.id, chat.UserRef{ID: u.ID})
	code := r.managed(actor, r.creator == actor.ID || u.ID == actor.ID)
	if code == "" && !r.members[u.ID] {
		code = chat.NotFound
	}
	outcome(t, "remove", err, code)
	if err == nil {
		delete(r.members, u.ID)
		r.events++
	}
}

func (m *model) send(t *rapid.T) {
	u, r := m.user(t, "author"), m.room(t)
	actor := m.w.As(u)
	actor.Session = chat.SessionID(u.ID)
	actor.Request = rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(t, "request")
	key := fmt.Sprint(u.ID, actor.Request)
	sent, err := m.w.Messages.Send(t.Context(), actor, messages.SendInput{Channel: r.id, Body: "x"})
	earlier, repeated := m.requests[key]
	switch {
	case repeated:
		outcome(t, "send", err, "")
		if !sent.Repeated || sent.Message.ID != earlier {
			t.Fatalf("sent %+v, want %d again", sent, earlier)
		}
	case !r.seen(u):
		outcome(t, "send", err, chat.NotFound)
	case !r.members[u.ID]:
		outcome(t, "send", err, chat.Forbidden)
	default:
		outcome(t, "send", err, "")
		r.events++
		if sent.Repeated || int(sent.Message.Seq) != r.events {
			t.Fatalf("sent %+v as event %d", sent, r.events)
		}
		r.messages = append(r.messages, sent.Message.ID)
		if actor.Request != "" {
			m.requests[key] = sent.Message.ID
		}
	}
}

func (m *model) delete(t *rapid.T) {
	u, r := m.user(t, "user"), m.room(t)
	_, err := m.w.Channels.Delete(t.Context(), m.w.As(u), r.id)
	switch {
	case !r.seen(u):
		outcome(t, "delete", err, chat.NotFound)
	case r.creator != u.ID || !r.members[u.ID]:
		outcome(t, "delete", err, chat.Forbidden)
	default:
		outcome(t, "delete", err, "")
		r.deleted = true
		r.events++
	}
}

// check compares all that there is with the model.
func (m *model) check(t *rapid.T) {
	owner := chat.Actor{Application: m.app}
	for _, r := range m.channels {
		if r.deleted {
			_, err := m.w.Channels.Retrieve(t.Context(), owner, r.id)
			outcome(t, "retrieve a deleted channel", err, chat.NotFound)
			continue
		}
		v, err := m.w.Channels.Retrieve(t.Context(), owner, r.id)
		outcome(t, "retrieve", err, "")
		if int(v.Channel.Seq) != r.events {
			t.Fatalf("channel %s has %d events, want %d", r.name, v.Channel.Seq, r.events)
		}
		p, err := m.w.Channels.ListMembers(t.Context(), owner, r.id, chat.PageRequest{Size: 100})
		outcome(t, "list members", err, "")
		members := map[chat.UserID]bool{}
		for _, u := range p.Items {
			members[u.ID] = true
		}
		if diff := cmp.Diff(r.members, members); diff != "" {
			t.Fatalf("members of %s: %s", r.name, diff)
		}
		list, err := m.w.Messages.List(t.Context(), owner, chat.MessageFilter{Channel: r.id}, chat.Cursor{Size: 1000})
		outcome(t, "list messages", err, "")
		var ids []chat.MessageID
		for _, sent := range slices.Backward(list.Items) {
			ids = append(ids, sent.ID)
		}
		if diff := cmp.Diff(r.messages, ids); diff != "" {
			t.Fatalf("messages of %s: %s", r.name, diff)
		}
	}
	seqs := map[chat.ChannelID]chat.Seq{}
	for _, e := range m.w.Events() {
		if e.Application != m.app {
			continue
		}
		if last, ok := seqs[e.Channel]; ok && e.Seq != last+1 {
			t.Fatalf("number %d follows %d", e.Seq, last)
		}
		seqs[e.Channel] = e.Seq
	}
}
