package messages_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

var want = apptest.Want[string]

// send writes a message that must not be refused.
func send(t *testing.T, w *apptest.World, actor chat.Actor, in messages.SendInput) messages.Sent {
	t.Helper()
	sent, err := w.Messages.Send(t.Context(), actor, in)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

func TestAMemberWritesAMessage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Private, "room", ann)
		actor := w.As(ann)
		actor.Session, actor.Request = 7, "receipt-1"
		sent := send(t, w, actor, messages.SendInput{
			Channel: room.ID, Body: "höllo 🐈\n<b>", GroupTag: "tag", Properties: json.RawMessage(`{ "a": "<b>" }`),
		})
		wanted := chat.Message{
			ID: sent.Message.ID, Application: w.App.ID, Channel: room.ID, Seq: room.Seq + 1, Type: chat.TextMessage, User: &ann,
			Body: "höllo 🐈\n<b>", GroupTag: "tag", Properties: `{"a":"<b>"}`, CreatedAt: apptest.Start,
		}
		if diff := cmp.Diff(messages.Sent{Message: wanted}, sent); diff != "" {
			t.Error(diff)
		}
		events := w.Events()
		if len(events) != 1 {
			t.Fatalf("events: %v", events)
		}
		e := events[0]
		if e.Kind != chat.MessageCreated || e.Seq != wanted.Seq || e.Actor != ann.ID || e.Channel != room.ID || e.Session != 7 || e.Request != "receipt-1" {
			t.Errorf("event: %+v", e)
		}
		if diff := cmp.Diff(&wanted, e.Message); diff != "" {
			t.Errorf("the event's message: %s", diff)
		}
		found, err := w.Messages.Retrieve(t.Context(), w.As(ann), sent.Message.ID)
		if diff := cmp.Diff(wanted, found); diff != "" || err != nil {
			t.Errorf("found: %v %s", err, diff)
		}
		v, err := w.Channels.Retrieve(t.Context(), w.As(ann), room.ID)
		if diff := cmp.Diff(&wanted, v.Channel.LastMessage); diff != "" || err != nil {
			t.Errorf("the channel's newest: %v %s", err, diff)
		}
	})
}

func TestTheApplicationWritesForAnybodyAndForItself(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Private, "room") // nobody's
		for _, c := range []struct {
			what   string
			ref    chat.UserRef
			kind   chat.MessageType
			author *chat.User
		}{
			{"on behalf, by id", chat.UserRef{ID: ann.ID}, chat.TextMessage, &ann},
			{"on behalf, by name", chat.UserRef{Name: "ann"}, chat.TextMessage, &ann},
			{"a system message", chat.UserRef{}, chat.SystemTextMessage, nil},
		} {
			sent := send(t, w, w.Owner(), messages.SendInput{Channel: room.ID, User: c.ref, Body: "x"})
			if diff := cmp.Diff(c.author, sent.Message.User); diff != "" || sent.Message.Type != c.kind {
				t.Errorf("%s: %s %s", c.what, sent.Message.Type, diff)
			}
			author := chat.UserID(0) // who acts is whoever is said to have written
			if c.author != nil {
				author = c.author.ID
			}
			if events := w.Events(); len(events) != 1 || events[0].Actor != author {
				t.Errorf("%s: events %+v", c.what, events)
			}
		}
	})
}

func TestARequestIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", bob, ann)
		in := messages.SendInput{Channel: room.ID, Body: "x"}
		session := func(u chat.User, id chat.SessionID, request string) chat.Actor {
			a := w.As(u)
			a.Session, a.Request = id, request
			return a
		}
		owner := w.Owner()
		owner.Request = "r"
		seen := map[chat.MessageID]string{}
		for what, actor := range map[string]chat.Actor{
			"in a session":               session(ann, 1, "r"),
			"in another session":         session(ann, 2, "r"),
			"another one in the session": session(ann, 1, "r2"),
			"of the application":         owner,
		} {
			first := send(t, w, actor, in)
			again := send(t, w, actor, messages.SendInput{Channel: room.ID, Body: "whatever"})
			if first.Repeated || !again.Repeated {
				t.Errorf("%s: %v %v", what, first.Repeated, again.Repeated)
			}
			if diff := cmp.Diff(first.Message, again.Message); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
			if other, taken := seen[first.Message.ID]; taken {
				t.Errorf("%s: the same as %s", what, other)
			}
			seen[first.Message.ID] = what
			want(t, what+": news", w.News(), "message.created")
		}
		// The answer to what he did is owed to him, whatever came after.
		actor := session(ann, 3, "r")
		first := send(t, w, actor, in)
		if _, err := w.Channels.Leave(t.Context(), w.As(ann), room.ID); err != nil {
			t.Fatal(err)
		}
		if again := send(t, w, actor, in); !again.Repeated || again.Message.ID != first.Message.ID {
			t.Errorf("after leaving: %+v", again)
		}
		w.Refused("another request after leaving", chat.ErrNotAMember, func() error {
			_, err := w.Messages.Send(t.Context(), session(ann, 3, "r3"), in)
			return err
		})
		// Without a name nothing is recognised.
		one, two := send(t, w, w.As(bob), in), send(t, w, w.As(bob), in)
		if one.Message.ID == two.Message.ID {
			t.Error("requests without names are one")
		}
	})
}

func TestARequestSentManyTimesAtOnceIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		actor := w.As(ann)
		actor.Session, actor.Request = 1, "r"
		var all sync.WaitGroup
		ids := make([]chat.MessageID, 20)
		for i := range ids {
			all.Go(func() {
				sent, err := w.Messages.Send(t.Context(), actor, messages.SendInput{Channel: room.ID, Body: "x"})
				if err != nil {
					t.Error(err)
				}
				ids[i] = sent.Message.ID
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("messages: %v", ids)
			}
		}
		want(t, "news", w.News(), "message.created")
	})
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room, private := w.Channel(chat.Public, "room", ann), w.Channel(chat.Private, "private", ann)
		stranger := w.UserOf(w.Application("other").Application.ID, "stranger")
		foreign := chat.Actor{Application: stranger.Application}
		named := w.As(ann)
		named.Request = "a\x00"
		long := w.As(ann)
		long.Request = strings.Repeat("x", chat.MaxRequest+1)
		invalid := apptest.Reason("InvalidRequestError")
		for _, c := range []struct {
			what   string
			actor  chat.Actor
			in     messages.SendInput
			reason error
		}{
			{"by a non-member", w.As(bob), messages.SendInput{Channel: room.ID, Body: "x"}, chat.ErrNotAMember},
			{"where he does not know of", w.As(bob), messages.SendInput{Channel: private.ID, Body: "x"}, chat.ErrUnknownChannel},
			{"in no channel", w.As(ann), messages.SendInput{Channel: 1, Body: "x"}, chat.ErrUnknownChannel},
			{"in another application's channel", foreign, messages.SendInput{Channel: room.ID, Body: "x"}, chat.ErrUnknownChannel},
			{"by another application's user", w.As(stranger), messages.SendInput{Channel: room.ID, Body: "x"}, chat.ErrUnknownChannel},
			{"on behalf of nobody", w.Owner(), messages.SendInput{Channel: room.ID, Body: "x", User: chat.UserRef{Name: "nobody"}}, chat.ErrUnknownUser},
			{"on behalf of another application's user", w.Owner(), messages.SendInput{Channel: room.ID, Body: "x", User: chat.UserRef{ID: stranger.ID}}, chat.ErrUnknownUser},
			{"by a user on behalf of another", w.As(ann), messages.SendInput{Channel: room.ID, Body: "x", User: chat.UserRef{ID: bob.ID}}, invalid},
			{"nothing", w.As(ann), messages.SendInput{Channel: room.ID}, invalid},
			{"too much", w.As(ann), messages.SendInput{Channel: room.ID, Body: strings.Repeat("x", chat.MaxBody+1)}, invalid},
			{"with NUL", w.As(ann), messages.SendInput{Channel: room.ID, Body: "a\x00b"}, invalid},
			{"with half a rune", w.As(ann), messages.SendInput{Channel: room.ID, Body: "a\xc3"}, invalid},
			{"with a long tag", w.As(ann), messages.SendInput{Channel: room.ID, Body: "x", GroupTag: strings.Repeat("x", chat.MaxGroupTag+1)}, invalid},
			{"with properties that are none", w.As(ann), messages.SendInput{Channel: room.ID, Body: "x", Properties: json.RawMessage(`1`)}, invalid},
			{"with properties in no UTF-8", w.As(ann), messages.SendInput{Channel: room.ID, Body: "x", Properties: json.RawMessage("{\"a\":\"\xff\"}")}, invalid},
			{"as a request whose name cannot be", named, messages.SendInput{Channel: room.ID, Body: "x"}, invalid},
			{"as a request with a long name", long, messages.SendInput{Channel: room.ID, Body: "x"}, invalid},
		} {
			w.Refused(c.what, c.reason, func() error {
				_, err := w.Messages.Send(t.Context(), c.actor, c.in)
				return err
			})
		}
		send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: strings.Repeat("x", chat.MaxBody)})
	})
}

func TestWhoReadsAMessage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, eve := w.User("ann"), w.User("eve")
		public, private := w.Channel(chat.Public, "public", ann), w.Channel(chat.Private, "private", ann)
		open := send(t, w, w.As(ann), messages.SendInput{Channel: public.ID, Body: "open"}).Message
		secret := send(t, w, w.As(ann), messages.SendInput{Channel: private.ID, Body: "secret"}).Message
		for _, c := range []struct {
			what  string
			actor chat.Actor
			m     chat.Message
			reads bool
		}{
			{"a member", w.As(ann), secret, true},
			{"the application", w.Owner(), secret, true},
			{"a stranger, in public", w.As(eve), open, true},
			{"a stranger, in private", w.As(eve), secret, false},
			{"another application", chat.Actor{Application: 1}, open, false},
			{"a member, what is not there", w.As(ann), chat.Message{ID: 1, Channel: public.ID}, false},
		} {
			m, err := w.Messages.Retrieve(t.Context(), c.actor, c.m.ID)
			if c.reads != (err == nil) || (!c.reads && (!chat.ErrUnknownMessage.Is(err) || m.Body != "")) {
				t.Errorf("%s reads %q: %v", c.what, m.Body, err)
			}
		}
		_, err := w.Messages.List(t.Context(), w.As(eve), chat.MessageFilter{Channel: private.ID}, chat.Cursor{})
		if !chat.ErrUnknownChannel.Is(err) {
			t.Errorf("a stranger lists: %v", err)
		}
	})
}

func bodies(p chat.CursorPage[chat.Message]) string {
	var out []string
	for _, m := range p.Items {
		out = append(out, m.Body)
	}
	return strings.Join(out, " ")
}

func TestPagingWhileNewMessagesArrive(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		n := 0
		say := func() {
			n++
			send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: fmt.Sprint(n)})
		}
		list := func(c chat.Cursor) chat.CursorPage[chat.Message] {
			t.Helper()
			c.Size = 3
			p, err := w.Messages.List(t.Context(), w.As(ann), chat.MessageFilter{Channel: room.ID}, c)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		empty := list(chat.Cursor{})
		if len(empty.Items) != 0 || empty.Items == nil || empty.Next != 0 || empty.First != 0 || empty.Newer {
			t.Errorf("empty: %+v", empty)
		}
		for range 7 {
			say()
		}
		// To older ones.
		first := list(chat.Cursor{})
		want(t, "the newest page", fmt.Sprint(bodies(first), " ", first.Newer), "7 6 5 false")
		say()
		second := list(chat.Cursor{From: first.Next})
		want(t, "the second", fmt.Sprint(bodies(second), " ", second.Newer), "4 3 2 true")
		say()
		last := list(chat.Cursor{From: second.Next})
		want(t, "the last", fmt.Sprint(bodies(last), " ", last.Next, " ", last.Newer), "1 0 true")
		// And back to newer ones.
		back := list(chat.Cursor{Before: last.First})
		want(t, "back", bodies(back), bodies(second))
		back = list(chat.Cursor{Before: back.First})
		want(t, "further back", fmt.Sprint(bodies(back), " ", back.Newer), "7 6 5 true")
		say()
		back = list(chat.Cursor{Before: back.First})
		want(t, "to what has come since", fmt.Sprint(bodies(back), " ", back.Newer), "10 9 8 false")
		down := list(chat.Cursor{From: back.Next})
		want(t, "and down again", bodies(down), "7 6 5")
		none := list(chat.Cursor{Before: back.First})
		want(t, "beyond the newest", fmt.Sprint(bodies(none), " ", none.Newer), " false")

		p, err := w.Messages.List(t.Context(), w.As(ann), chat.MessageFilter{Channel: room.ID}, chat.Cursor{})
		want(t, "without a size", fmt.Sprint(len(p.Items), p.Size, err), fmt.Sprint(n, chat.DefaultPageSize, nil))
	})
}
