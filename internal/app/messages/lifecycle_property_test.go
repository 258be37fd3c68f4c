package messages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

// TestWhatHangsOnMessagesFollowsANaiveModel writes, replies, reacts, edits,
// deletes, clears and blocks at random, and compares reply counts, parents, summaries, lists and
// the newest message with what a list says.
func TestWhatHangsOnMessagesFollowsANaiveModel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			var users []chat.User
			for _, name := range []string{"ann", "bob", "eve"} {
				users = append(users, w.User(fmt.Sprint(name, n)))
			}
			m := newStory(t, w, users, fmt.Sprint("room ", n))
			t.Repeat(map[string]func(*rapid.T){
				"send": m.send, "reply": m.reply, "react": m.react, "withdraw": m.withdraw,
				"edit": m.edit, "delete": m.delete, "hide": m.hide, "clear": m.clear, "block": m.block, "unblock": m.unblock,
			})
			m.check(t)
		})
	})
}

// newStory makes a channel of all users by the first. What the log says of a
// story is not looked at: it is told by what became of it.
func newStory(t *rapid.T, w *apptest.World, users []chat.User, name string) *story {
	in := channels.CreateInput{Type: chat.Public, Name: name}
	for _, u := range users {
		in.Members = append(in.Members, chat.UserRef{ID: u.ID})
	}
	c, err := w.Channels.Create(t.Context(), w.As(users[0]), in)
	outcome(t, "create", err, "")
	return &story{w: w, users: users, room: c.Channel, cleared: map[chat.UserID]int{}, blocks: blocks{}}
}

// story is what a naive observer knows of a channel.
type story struct {
	w     *apptest.World
	users []chat.User
	room  chat.Channel
	said  []*said // oldest first
	// cleared is how many of them a user has cleared away.
	cleared map[chat.UserID]int
	blocks  blocks
}

type said struct {
	id      chat.MessageID
	author  chat.UserID
	body    string
	parent  *said
	deleted bool
	// reactions are "emoji user", in their order.
	reactions []string
	hidden    map[chat.UserID]bool
}

func (m *story) user(t *rapid.T) chat.User { return rapid.SampledFrom(m.users).Draw(t, "user") }

// any draws a message, be it deleted.
func (m *story) any(t *rapid.T) *said {
	if len(m.said) == 0 {
		t.Skip("nothing was said")
	}
	return m.said[rapid.IntRange(0, len(m.said)-1).Draw(t, "message")]
}

func (m *story) write(t *rapid.T, in messages.SendInput, parent *said) {
	u := m.user(t)
	in.Body = fmt.Sprint("text ", len(m.said))
	sent, err := m.w.Messages.Send(t.Context(), m.w.As(u), in)
	if parent != nil && parent.deleted {
		outcome(t, "reply to what is gone", err, chat.NotFound)
		return
	}
	outcome(t, "send", err, "")
	m.said = append(m.said, &said{id: sent.Message.ID, author: u.ID, body: in.Body, parent: parent, hidden: map[chat.UserID]bool{}})
}

func (m *story) send(t *rapid.T) { m.write(t, messages.SendInput{Channel: m.room.ID}, nil) }

func (m *story) reply(t *rapid.T) {
	parent := m.any(t)
	m.write(t, messages.SendInput{Parent: parent.id}, parent)
}

func emojiOf(t *rapid.T) string { return rapid.SampledFrom([]string{"👍", "🎉"}).Draw(t, "emoji") }

func (m *story) react(t *rapid.T) {
	s, u, e := m.any(t), m.user(t), emojiOf(t)
	_, changed, err := m.w.Messages.React(t.Context(), m.w.As(u), s.id, e)
	if s.deleted {
		outcome(t, "react to what is gone", err, chat.NotFound)
		return
	}
	outcome(t, "react", err, "")
	key := e + " " + u.Name
	if changed == slices.Contains(s.reactions, key) {
		t.Fatalf("%s changed: %v, there were %q", key, changed, s.reactions)
	}
	if changed {
		s.reactions = append(s.reactions, key)
	}
}

func (m *story) withdraw(t *rapid.T) {
	s, u, e := m.any(t), m.user(t), emojiOf(t)
	_, changed, err := m.w.Messages.RemoveReaction(t.Context(), m.w.As(u), s.id, e)
	if s.deleted {
		outcome(t, "withdraw from what is gone", err, chat.NotFound)
		return
	}
	outcome(t, "withdraw", err, "")
	i := slices.Index(s.reactions, e+" "+u.Name)
	if changed != (i >= 0) {
		t.Fatalf("withdrew %s %s: %v of %q", e, u.Name, changed, s.reactions)
	}
	if changed {
		s.reactions = slices.Delete(s.reactions, i, i+1)
	}
}

func (m *story) edit(t *rapid.T) {
	s, u := m.any(t), m.user(t)
	body := s.body + "!"
	_, err := m.w.Messages.Update(t.Context(), m.w.As(u), s.id, messages.Patch{Body: &body})
	switch {
	case s.deleted:
		outcome(t, "edit what is gone", err, chat.NotFound)
	case s.author != u.ID:
		outcome(t, "edit", err, chat.Forbidden)
	default:
		outcome(t, "edit", err, "")
		s.body = body
	}
}

func (m *story) delete(t *rapid.T) {
	s, u := m.any(t), m.user(t)
	_, err := m.w.Messages.Delete(t.Context(), m.w.As(u), s.id)
	switch {
	case s.deleted:
		outcome(t, "delete what is gone", err, chat.NotFound)
	case s.author != u.ID && u.ID != m.users[0].ID: // who made the channel
		outcome(t, "delete", err, chat.Forbidden)
	default:
		outcome(t, "delete", err, "")
		s.deleted = true
	}
}

func (m *story) hide(t *rapid.T) {
	s, u := m.any(t), m.user(t)
	_, changed, err := m.w.Messages.DeleteForMe(t.Context(), m.w.As(u), s.id)
	if s.deleted {
		outcome(t, "hide what is gone", err, chat.NotFound)
		return
	}
	outcome(t, "hide", err, "")
	if changed == s.hidden[u.ID] {
		t.Fatalf("hidden: %v, before: %v", changed, s.hidden[u.ID])
	}
	s.hidden[u.ID] = true
}

func (m *story) clear(t *rapid.T) {
	u := m.user(t)
	_, _, err := m.w.Channels.ClearHistory(t.Context(), m.w.As(u), m.room.ID)
	outcome(t, "clear", err, "")
	m.cleared[u.ID] = len(m.said)
}

func (m *story) block(t *rapid.T) { m.blocks.change(t, m.w, m.users, true) }

func (m *story) unblock(t *rapid.T) { m.blocks.change(t, m.w, m.users, false) }

// shown tells whether a user should see a message.
func (m *story) shown(s *said, u chat.User) bool {
	at := slices.Index(m.said, s)
	return !s.deleted && !s.hidden[u.ID] && at >= m.cleared[u.ID] && !m.blocks[[2]chat.UserID{u.ID, s.author}]
}

// wanted describes a message as a user should see it.
func (m *story) wanted(s *said, u chat.User) string {
	replies, parent, level := 0, chat.MessageID(0), 0
	for _, other := range m.said {
		if other.parent == s && m.shown(other, u) {
			replies++
		}
	}
	if s.parent != nil && !s.parent.deleted {
		parent = s.parent.id
	}
	for p := s.parent; p != nil; p = p.parent {
		level++
	}
	var order []string
	by := map[string]string{}
	for _, key := range s.reactions {
		e, who, _ := strings.Cut(key, " ")
		if by[e] == "" {
			order = append(order, e)
		}
		by[e] += " " + who
	}
	text := ""
	for _, e := range order {
		text += e + by[e] + ";"
	}
	return fmt.Sprint(s.id, s.body, replies, parent, level, text)
}

func shown(x chat.Message) string {
	text := ""
	for _, r := range x.Reactions {
		text += r.Emoji
		for _, u := range r.Users {
			text += " " + u.Name
		}
		text += ";"
	}
	return fmt.Sprint(x.ID, x.Body, x.Replies, x.Parent, x.Level, text)
}

func (m *story) check(t *rapid.T) {
	for _, u := range m.users[:2] {
		var want, got []string
		for _, s := range slices.Backward(m.said) {
			if m.shown(s, u) {
				want = append(want, m.wanted(s, u))
			}
		}
		p, err := m.w.Messages.List(t.Context(), m.w.As(u), chat.MessageFilter{Channel: m.room.ID}, chat.Cursor{Size: 1000})
		outcome(t, "list", err, "")
		for _, x := range p.Items {
			got = append(got, shown(x))
		}
		if !slices.Equal(want, got) {
			t.Fatalf("%s sees\n%q, want\n%q", u.Name, got, want)
		}
		v, err := m.w.Channels.Retrieve(t.Context(), m.w.As(u), m.room.ID)
		outcome(t, "retrieve", err, "")
		newest := ""
		if v.Channel.LastMessage != nil {
			newest = shown(*v.Channel.LastMessage)
		}
		if len(want) == 0 && newest != "" || len(want) > 0 && newest != want[0] {
			t.Fatalf("%s's newest is %q of %q", u.Name, newest, want)
		}
	}
}
