package notify_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

// TestNotificationsFollowANaiveModel joins, leaves, opens and closes chat
// sessions, sends, mentions, replies, reads, mutes, blocks and deletes at random,
// and compares lists and counts with a model that writes down a notification for
// every user when it happens.
func TestNotificationsFollowANaiveModel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			m := newHouse(t, w, fmt.Sprint("house ", n))
			t.Repeat(map[string]func(*rapid.T){
				"join": m.join, "leave": m.leave,
				"chat": m.chat, "chat again": m.chat,
				"send": m.send, "send more": m.send, "send yet more": m.send,
				"read": m.read, "unread": m.unread, "read one": m.readOne,
				"mute": m.mute, "block": m.block,
				"delete": m.delete, "hide": m.hide,
			})
			m.check(t)
		})
	})
}

// house is what a naive observer knows.
type house struct {
	w     *apptest.World
	app   chat.ApplicationID
	users []*inmate
	rooms []*room
	said  []*said
}

type inmate struct {
	chat.User
	sessions []chat.Session
	// chats are the rooms in which each of the sessions has a chat session.
	chats    []map[*room]bool
	member   map[*room]*membership
	blocks   map[chat.UserID]bool
	told     []*told
	byItself map[chat.NotificationID]bool
}

type membership struct {
	muted bool
	read  int
}

type room struct {
	chat.Channel
	said []*said
}

type said struct {
	chat.Message
	author  *inmate
	room    *room
	deleted bool
	hidden  map[*inmate]bool
}

// told is a notification as it was made.
type told struct {
	kind  chat.NotificationType
	about *said
	muted bool
	// as a member of this room, zero for what is told to one user alone.
	asMember *room
	// outside tells of the mention of a channel that its reader was no member of
	// the room of the message; chatting, that he was and had a chat session.
	outside, chatting bool
	mentioned         *room
}

func newHouse(t *rapid.T, w *apptest.World, name string) *house {
	c, err := w.Accounts.CreateApplication(t.Context(), name)
	is(t, err)
	m := &house{w: w, app: c.Application.ID}
	for i := range 3 {
		u := &inmate{
			User: w.UserOf(m.app, fmt.Sprint("u", i)), member: map[*room]*membership{}, blocks: map[chat.UserID]bool{},
			byItself: map[chat.NotificationID]bool{},
		}
		for range 2 {
			s, err := w.Accounts.StartSession(t.Context(), accounts.StartSessionInput{Key: c.Application.Key, Username: u.Name})
			is(t, err)
			u.sessions, u.chats = append(u.sessions, s.Session), append(u.chats, map[*room]bool{})
		}
		m.users = append(m.users, u)
	}
	for i, kind := range []chat.ChannelType{chat.Public, chat.Public, chat.Private} {
		c, err := w.Channels.Create(t.Context(), m.owner(), channels.CreateInput{Type: kind, Name: fmt.Sprint("r", i)})
		is(t, err)
		m.rooms = append(m.rooms, &room{Channel: c.Channel})
	}
	return m
}

func is(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (m *house) owner() chat.Actor { return chat.Actor{Application: m.app} }

func (m *house) draw(t *rapid.T) (*inmate, *room) {
	return rapid.SampledFrom(m.users).Draw(t, "user"), rapid.SampledFrom(m.rooms).Draw(t, "room")
}

// memberOf draws a user in one of his rooms.
func (m *house) memberOf(t *rapid.T) (*inmate, *room, *membership) {
	u, r := m.draw(t)
	if u.member[r] == nil {
		t.Skip("no member")
	}
	return u, r, u.member[r]
}

func (u *inmate) isChatting(r *room) bool {
	return slices.ContainsFunc(u.chats, func(c map[*room]bool) bool { return c[r] })
}

func (m *house) join(t *rapid.T) {
	u, r := m.draw(t)
	_, err := m.w.Channels.AddMember(t.Context(), m.owner(), r.ID, chat.UserRef{ID: u.ID})
	is(t, err)
	if u.member[r] == nil {
		u.member[r] = &membership{read: len(r.said)}
	}
}

// leave forgets all that hangs on the membership.
func (m *house) leave(t *rapid.T) {
	u, r, _ := m.memberOf(t)
	_, err := m.w.Channels.Leave(t.Context(), m.w.As(u.User), r.ID)
	is(t, err)
	delete(u.member, r)
	for _, c := range u.chats {
		delete(c, r)
	}
	u.told = slices.DeleteFunc(u.told, func(n *told) bool {
		if n.mentioned != nil && n.about.room == r {
			n.outside, n.chatting, n.muted = true, false, false
			if r.Type != chat.Public {
				return true
			}
		}
		return n.asMember == r
	})
}

// chat opens or closes a chat session of one of the user's sessions.
func (m *house) chat(t *rapid.T) {
	u, r, _ := m.memberOf(t)
	i := rapid.IntRange(0, 1).Draw(t, "session")
	if u.chats[i][r] {
		delete(u.chats[i], r)
	} else {
		u.chats[i][r] = true
	}
	now := chat.Attendance{Session: u.sessions[i].ID, Application: m.app, User: u.ID}
	for r := range u.chats[i] {
		now.Channels = append(now.Channels, r.ID)
	}
	slices.Sort(now.Channels)
	is(t, m.w.Accounts.Attend(t.Context(), []chat.Attendance{now}))
}

func (m *house) send(t *rapid.T) {
	u, r := m.draw(t)
	in := messages.SendInput{Channel: r.ID, Body: "x"}
	var mentionedUsers []*inmate
	var mentionedRooms []*room
	for _, i := range rapid.SliceOfN(rapid.IntRange(0, 5), 0, 3).Draw(t, "mentions") {
		if i < 3 {
			in.Body += fmt.Sprintf(" <@u%d>", i)
			mentionedUsers = append(mentionedUsers, m.users[i])
		} else {
			in.Body += fmt.Sprintf(" <#r%d>", i-3)
			mentionedRooms = append(mentionedRooms, m.rooms[i-3])
		}
	}
	written := &said{author: u, room: r, hidden: map[*inmate]bool{}}
	actor := m.w.As(u.User)
	switch {
	case rapid.IntRange(0, 4).Draw(t, "as") == 0:
		actor, written.author = m.owner(), nil
	case u.member[r] == nil:
		actor, in.User = m.owner(), chat.UserRef{ID: u.ID}
	}
	var parent *said
	if len(r.said) > 0 && rapid.Bool().Draw(t, "reply") {
		parent = rapid.SampledFrom(r.said).Draw(t, "parent")
		if parent.deleted {
			parent = nil
		} else {
			in.Channel, in.Parent = 0, parent.ID
		}
	}
	sent, err := m.w.Messages.Send(t.Context(), actor, in)
	is(t, err)
	written.Message = sent.Message
	r.said, m.said = append(r.said, written), append(m.said, written)
	m.tell(written, parent, mentionedUsers, mentionedRooms)
}

// tell writes down who is notified of what.
func (m *house) tell(s *said, parent *said, users []*inmate, rooms []*room) {
	for _, u := range m.users {
		if at := u.member[s.room]; u != s.author && at != nil && !u.isChatting(s.room) {
			kind := chat.UserSentMessage
			if s.author == nil {
				kind = chat.SystemSentMessage
			}
			u.told = append(u.told, &told{kind: kind, about: s, muted: at.muted, asMember: s.room})
		}
	}
	if s.author == nil {
		return
	}
	personal := func(kind chat.NotificationType, u *inmate) {
		at := u.member[s.room]
		if u == s.author || u.blocks[s.author.ID] || u.isChatting(s.room) || (at == nil && s.room.Type != chat.Public) {
			return
		}
		u.told = append(u.told, &told{kind: kind, about: s, muted: at != nil && at.muted})
	}
	if parent != nil && parent.author != nil {
		personal(chat.UserRepliedToMessage, parent.author)
	}
	for i, u := range users {
		if !slices.Contains(users[:i], u) {
			personal(chat.UserMentionedUser, u)
		}
	}
	for i, r := range rooms {
		if slices.Contains(rooms[:i], r) || (r.Type != chat.Public && s.author.member[r] == nil) {
			continue
		}
		for _, u := range m.users {
			at := u.member[s.room]
			if u == s.author || u.member[r] == nil || (at == nil && s.room.Type != chat.Public) {
				continue
			}
			u.told = append(u.told, &told{
				kind: chat.UserMentionedChannel, about: s, muted: at != nil && at.muted, asMember: r, mentioned: r,
				outside: at == nil, chatting: u.isChatting(s.room),
			})
		}
	}
}

func (m *house) read(t *rapid.T) {
	u, r, at := m.memberOf(t)
	is(t, m.w.Messages.ReadChannel(t.Context(), m.w.As(u.User), r.ID))
	at.read = len(r.said)
}

func (m *house) unread(t *rapid.T) {
	u, r, at := m.memberOf(t)
	if len(r.said) == 0 {
		t.Skip("nothing was said")
	}
	i := rapid.IntRange(0, len(r.said)-1).Draw(t, "message")
	if r.said[i].deleted {
		t.Skip("deleted")
	}
	is(t, m.w.Messages.Unread(t.Context(), m.w.As(u.User), r.said[i].ID))
	at.read = min(at.read, i)
}

// readOne reads a notification by itself.
func (m *house) readOne(t *rapid.T) {
	u, _ := m.draw(t)
	list := m.list(t, u, 100)
	if len(list) == 0 {
		t.Skip("nothing was told")
	}
	id := rapid.SampledFrom(list).Draw(t, "notification").ID
	is(t, m.w.Notify.Read(t.Context(), m.w.As(u.User), id))
	u.byItself[id] = true
}

func (m *house) mute(t *rapid.T) {
	u, r, at := m.memberOf(t)
	at.muted = rapid.Bool().Draw(t, "on")
	_, _, err := m.w.Channels.Mute(t.Context(), m.w.As(u.User), r.ID, at.muted)
	is(t, err)
}

func (m *house) block(t *rapid.T) {
	u, _ := m.draw(t)
	other, _ := m.draw(t)
	if u == other {
		t.Skip("himself")
	}
	u.blocks[other.ID] = !u.blocks[other.ID]
	if u.blocks[other.ID] {
		_, _, err := m.w.Accounts.BlockUser(t.Context(), m.w.As(u.User), other.ID)
		is(t, err)
		return
	}
	_, err := m.w.Accounts.UnblockUser(t.Context(), m.w.As(u.User), other.ID)
	is(t, err)
}

func (m *house) message(t *rapid.T) *said {
	if len(m.said) == 0 {
		t.Skip("nothing was said")
	}
	s := rapid.SampledFrom(m.said).Draw(t, "message")
	if s.deleted {
		t.Skip("deleted")
	}
	return s
}

func (m *house) delete(t *rapid.T) {
	s := m.message(t)
	_, err := m.w.Messages.Delete(t.Context(), m.owner(), s.ID)
	is(t, err)
	s.deleted = true
}

func (m *house) hide(t *rapid.T) {
	s := m.message(t)
	u, _ := m.draw(t)
	if u.member[s.room] == nil {
		t.Skip("no member")
	}
	_, _, err := m.w.Messages.DeleteForMe(t.Context(), m.w.As(u.User), s.ID)
	is(t, err)
	s.hidden[u] = true
}

// isShown tells whether the user is shown a message where he may read.
func (u *inmate) isShown(s *said) bool {
	return !s.deleted && !s.hidden[u] && (s.author == nil || !u.blocks[s.author.ID])
}

// sees tells whether a notification is in the user's list.
func (u *inmate) sees(n *told) bool {
	s := n.about
	switch {
	case !u.isShown(s):
		return false
	case n.mentioned != nil:
		return !n.chatting
	case n.asMember != nil:
		return true
	}
	return s.room.Type == chat.Public || u.member[s.room] != nil
}

// listed is a notification in a list, as far as the model knows it.
type listed struct {
	Kind    chat.NotificationType
	Message chat.MessageID
	Muted   bool
	Read    bool
	Member  bool
}

// list walks through a user's pages, and back again.
func (m *house) list(t *rapid.T, u *inmate, size int) (all []chat.Notification) {
	c := chat.Cursor{Size: size}
	var first int64
	for {
		p, err := m.w.Notify.List(t.Context(), m.owner(), u.ID, c)
		is(t, err)
		if p.Newer != (len(all) > 0 && len(p.Items) > 0) {
			t.Fatalf("newer: %v after %d", p.Newer, len(all))
		}
		all, first = append(all, p.Items...), p.First
		if p.Next == 0 {
			break
		}
		c = chat.Cursor{Size: size, From: p.Next}
	}
	for at := len(all) - len(all)%size; at > 0 && len(all)%size > 0; {
		p, err := m.w.Notify.List(t.Context(), m.owner(), u.ID, chat.Cursor{Size: size, Before: first})
		is(t, err)
		for i, n := range p.Items {
			if n.ID != all[at-len(p.Items)+i].ID {
				t.Fatalf("the page before has %d, want %d", n.ID, all[at-len(p.Items)+i].ID)
			}
		}
		at, first = at-len(p.Items), p.First
	}
	return all
}

func (m *house) check(t *rapid.T) {
	events, err := m.w.Timeline.After(t.Context(), 0, 1_000_000)
	is(t, err)
	for _, u := range m.users {
		list := m.list(t, u, 3)
		var want, got []listed
		for _, n := range slices.Backward(u.told) {
			if !u.sees(n) {
				continue
			}
			l := listed{Kind: n.kind, Message: n.about.ID, Muted: n.muted, Member: u.member[n.about.room] != nil}
			if at := u.member[n.about.room]; at != nil {
				l.Read = slices.Index(n.about.room.said, n.about) < at.read
			}
			want = append(want, l)
		}
		ids := map[chat.NotificationID]bool{}
		for i, n := range list {
			if ids[n.ID] {
				t.Fatalf("%d is there twice", n.ID)
			}
			ids[n.ID] = true
			got = append(got, listed{n.Type, n.Message.ID, n.Muted, !n.ReadAt.IsZero(), n.Channel.Member})
			if i < len(want) && u.byItself[n.ID] {
				want[i].Read = true
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("notifications of %s: %s", u.Name, diff)
		}
		m.checkMissed(t, u, events, list)
		unread := int64(0)
		for r, at := range u.member {
			for _, s := range r.said[at.read:] {
				if s.author != u && u.isShown(s) {
					unread++
				}
			}
		}
		if n, err := m.w.Messages.CountUnread(t.Context(), m.owner(), u.ID); err != nil || n != unread {
			t.Fatalf("%s has %d unread messages, want %d, %v", u.Name, n, unread, err)
		}
	}
}

// checkMissed compares what a session would be told that has missed everything.
func (m *house) checkMissed(t *rapid.T, u *inmate, events []chat.Event, list []chat.Notification) {
	missed, err := m.w.Notify.Missed(t.Context(), m.w.As(u.User), events)
	is(t, err)
	if len(missed) != len(list) {
		t.Fatalf("%s missed %d, and %d are listed", u.Name, len(missed), len(list))
	}
	for _, n := range list {
		if again := missed[n.ID]; again.ID != n.ID || again.Muted != n.Muted || again.Type != n.Type {
			t.Fatalf("missed %+v, listed %+v", again, n)
		}
	}
}
