package messages_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// is fails the test on an error that nobody expects.
func is(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bodiesOf lists the bodies of a filter's messages, newest first.
func bodiesOf(t *testing.T, w *apptest.World, actor chat.Actor, f chat.MessageFilter) string {
	t.Helper()
	p, err := w.Messages.List(t.Context(), actor, f, chat.Cursor{})
	is(t, err)
	out := []string{}
	for _, m := range p.Items {
		out = append(out, m.Body)
	}
	return fmt.Sprint(out)
}

// newest is the body of the message that a channel shows.
func newest(t *testing.T, w *apptest.World, actor chat.Actor, id chat.ChannelID) string {
	t.Helper()
	v, err := w.Channels.Retrieve(t.Context(), actor, id)
	is(t, err)
	p, err := w.Channels.List(t.Context(), actor, chat.ChannelFilter{}, chat.PageRequest{})
	is(t, err)
	if diff := cmp.Diff(v.Channel.LastMessage, p.Items[0].Channel.LastMessage); diff != "" {
		t.Errorf("the channel by itself and in the list: %s", diff)
	}
	if v.Channel.LastMessage == nil {
		return ""
	}
	return v.Channel.LastMessage.Body
}

func TestAnAuthorEditsHisMessage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Private, "room", bob, ann)
		ctx, m := t.Context(), send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "<@bob> https://a.example"}).Message
		if len(m.Links) != 1 || len(m.Mentions) != 1 {
			t.Errorf("found: %+v", m)
		}
		w.Clock.Advance(time.Minute)
		body := "now <#room> and <@nobody>"
		patch := messages.Patch{Body: &body, Properties: json.RawMessage(`{"a":1}`)}
		w.Refused("by another member", apptest.Reason("NotMessageAuthorError"), func() error {
			_, err := w.Messages.Update(ctx, w.As(bob), m.ID, patch)
			return err
		})
		w.Refused("by a stranger", chat.ErrUnknownMessage, func() error {
			_, err := w.Messages.Update(ctx, w.As(eve), m.ID, patch)
			return err
		})
		empty := ""
		w.Refused("to nothing", apptest.Reason("InvalidRequestError"), func() error {
			_, err := w.Messages.Update(ctx, w.As(ann), m.ID, messages.Patch{Body: &empty})
			return err
		})
		edited, err := w.Messages.Update(ctx, w.As(ann), m.ID, patch)
		is(t, err)
		want(t, "events", w.News(), "message.updated")
		found, err := w.Messages.Retrieve(ctx, w.As(bob), m.ID)
		is(t, err)
		if diff := cmp.Diff(edited, found); diff != "" {
			t.Error(diff)
		}
		if found.Body != body || found.Properties != `{"a":1}` || !found.EditedAt.Equal(apptest.Start.Add(time.Minute)) ||
			!found.CreatedAt.Equal(m.CreatedAt) || len(found.Links) != 0 || len(found.Mentions) != 1 || found.Mentions[0].Channel.ID != room.ID {
			t.Errorf("edited: %+v", found)
		}
		// The creator of the channel may change the properties, not the body.
		_, err = w.Messages.Update(ctx, w.As(bob), m.ID, messages.Patch{Properties: json.RawMessage(`{"b":2}`)})
		is(t, err)
		// The application may change everything.
		_, err = w.Messages.Update(ctx, w.Owner(), m.ID, patch)
		is(t, err)
		w.News()
		_, err = w.Messages.Update(ctx, w.Owner(), m.ID, messages.Patch{})
		is(t, err)
		want(t, "events of nothing", w.News(), "")
	})
}

func TestADeletedMessageIsGone(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob, eve := t.Context(), w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Public, "room", bob, ann, eve)
		in := messages.SendInput{Channel: room.ID}
		say := func(u chat.User, body string) chat.Message {
			in.Body = body
			return send(t, w, w.As(u), in).Message
		}
		one, two := say(ann, "one"), say(ann, "two")
		reply := send(t, w, w.As(eve), messages.SendInput{Parent: two.ID, Body: "reply"}).Message
		three := say(ann, "three")
		w.Refused("by another member", apptest.Reason("NotMessageAuthorError"), func() error {
			_, err := w.Messages.Delete(ctx, w.As(eve), two.ID)
			return err
		})
		_, _, err := w.Messages.React(ctx, w.As(eve), three.ID, "+1")
		is(t, err)
		w.News()
		remains, err := w.Messages.Delete(ctx, w.As(ann), three.ID)
		is(t, err)
		want(t, "events", w.News(), "message.deleted")
		if remains.ID != three.ID || remains.Body != "" || remains.Type != chat.TextMessage || remains.User.ID != ann.ID {
			t.Errorf("what is left: %+v", remains)
		}
		_, err = w.Messages.Delete(ctx, w.As(bob), two.ID) // who made the channel
		is(t, err)
		w.News()
		w.Refused("twice", chat.ErrUnknownMessage, func() error {
			_, err := w.Messages.Delete(ctx, w.As(ann), two.ID)
			return err
		})
		want(t, "what is listed", bodiesOf(t, w, w.As(ann), chat.MessageFilter{Channel: room.ID}), "[reply one]")
		want(t, "the newest", newest(t, w, w.As(ann), room.ID), "reply")
		found, err := w.Messages.Retrieve(ctx, w.As(ann), reply.ID)
		is(t, err)
		if found.Parent != 0 || found.Level != 1 {
			t.Errorf("the reply that is left: %+v", found)
		}
		_, err = w.Messages.Delete(ctx, w.Owner(), reply.ID)
		is(t, err)
		_, err = w.Messages.Delete(ctx, w.Owner(), one.ID)
		is(t, err)
		w.News()
		want(t, "the newest of none", newest(t, w, w.As(ann), room.ID), "")
	})
}

func TestAMessageIsDeletedForOneUser(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob := t.Context(), w.User("ann"), w.User("bob")
		room := w.Channel(chat.Private, "room", ann, bob)
		var last chat.Message
		for _, body := range []string{"one", "two", "three"} {
			last = send(t, w, w.As(bob), messages.SendInput{Channel: room.ID, Body: body}).Message
		}
		w.News()
		actor := w.As(ann)
		actor.Session, actor.Request = 7, "r"
		for i, changed := range []bool{true, false} {
			remains, did, err := w.Messages.DeleteForMe(ctx, actor, last.ID)
			is(t, err)
			if did != changed || remains.ID != last.ID {
				t.Errorf("time %d: %v %+v", i, did, remains)
			}
		}
		want(t, "events", w.News(), "message.hidden")
		want(t, "hers", bodiesOf(t, w, w.As(ann), chat.MessageFilter{Channel: room.ID}), "[two one]")
		want(t, "his", bodiesOf(t, w, w.As(bob), chat.MessageFilter{Channel: room.ID}), "[three two one]")
		want(t, "her newest", newest(t, w, w.As(ann), room.ID), "two")
		want(t, "his newest", newest(t, w, w.As(bob), room.ID), "three")
	})
}

func TestReactionsAreSummedUp(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob, eve := t.Context(), w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Public, "room", ann, bob)
		m := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "x"}).Message
		w.News()
		summary := func() (text string) {
			found, err := w.Messages.Retrieve(ctx, w.As(bob), m.ID)
			is(t, err)
			for _, r := range found.Reactions {
				text += r.Emoji
				for _, u := range r.Users {
					text += " " + u.Name
				}
				text += ";"
			}
			return text
		}
		for i, text := range []string{"👍🏽", "+1", ":thumbsup:"} {
			r, changed, err := w.Messages.React(ctx, w.As(bob), m.ID, text)
			is(t, err)
			if changed != (i == 0) || r.Emoji != "👍" || r.User.ID != bob.ID || r.Message != m.ID {
				t.Errorf("%s: %v %+v", text, changed, r)
			}
		}
		want(t, "events", w.News(), "reaction.created")
		for _, u := range []chat.User{ann, bob} {
			_, _, err := w.Messages.React(ctx, w.As(u), m.ID, "tada")
			is(t, err)
		}
		_, _, err := w.Messages.React(ctx, w.As(ann), m.ID, "👍")
		is(t, err)
		w.News()
		want(t, "summary", summary(), "👍 bob ann;🎉 ann bob;")
		for _, changed := range []bool{true, false} {
			_, did, err := w.Messages.RemoveReaction(ctx, w.As(bob), m.ID, ":+1:")
			is(t, err)
			if did != changed {
				t.Errorf("removed: %v, want %v", did, changed)
			}
		}
		_, _, err = w.Messages.RemoveReaction(ctx, w.As(ann), m.ID, "👍")
		is(t, err)
		want(t, "events", w.News(), "reaction.removed reaction.removed")
		want(t, "summary", summary(), "🎉 ann bob;")
		p, err := w.Messages.ListReactions(ctx, w.As(bob), m.ID, chat.PageRequest{})
		is(t, err)
		if p.Total != 2 || p.Items[0].User.ID != ann.ID {
			t.Errorf("listed: %+v", p)
		}
		for what, c := range map[string]struct {
			actor  chat.Actor
			emoji  string
			reason error
		}{
			"an unknown emoji":      {w.As(ann), "no such", chat.ErrUnknownEmoji},
			"by who is no member":   {w.As(eve), "+1", chat.ErrNotAMember},
			"by the application":    {w.Owner(), "+1", chat.ErrForbidden},
			"by nobody of this one": {chat.Actor{Application: w.App.ID + 1, User: ann.ID}, "+1", chat.ErrUnknownMessage},
		} {
			w.Refused(what, c.reason, func() error {
				_, _, err := w.Messages.React(ctx, c.actor, m.ID, c.emoji)
				return err
			})
		}
	})
}

func TestMentionsNameWhatTheAuthorMaySee(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob@x.example")
		w.Channel(chat.Private, "secret", bob)
		room := w.Channel(chat.Public, "a room", ann)
		body := "😀 <@bob@x.example>, <#a room>, <#secret>, <@nobody> https://a.example."
		for author, wanted := range map[chat.Actor]string{
			w.As(ann): "<@bob@x.example> <#a room> ",
			w.Owner(): "<@bob@x.example> <#a room> <#secret> ",
		} {
			m := send(t, w, author, messages.SendInput{Channel: room.ID, Body: body}).Message
			w.News() // compares what was heard with what is read back
			got := ""
			for _, x := range m.Mentions {
				got += x.Text + " "
			}
			want(t, "mentions", got, wanted)
			found, err := w.Messages.Retrieve(t.Context(), w.As(ann), m.ID)
			is(t, err)
			if diff := cmp.Diff(m, found); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestThreads(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob, eve := t.Context(), w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Private, "room", ann, bob)
		thread, err := w.Messages.CreateThread(ctx, w.As(ann), messages.ThreadInput{Channel: room.ID, Name: "talk"})
		is(t, err)
		want(t, "events", w.News(), "thread.created")
		top := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "top"}).Message
		send(t, w, w.As(bob), messages.SendInput{Thread: chat.ThreadID(room.ID), Body: "main"})
		aside := send(t, w, w.As(bob), messages.SendInput{Thread: thread.ID, Body: "aside"}).Message
		reply := send(t, w, w.As(bob), messages.SendInput{Thread: chat.ThreadID(top.ID), Body: "reply"}).Message
		deeper := send(t, w, w.As(bob), messages.SendInput{Parent: reply.ID, Body: "deeper"}).Message
		want(t, "events", w.News(), "message.created message.created message.created message.created user.notified message.created")
		if aside.Thread != thread.ID || aside.Level != 0 || reply.Parent != top.ID || reply.Level != 1 || deeper.Level != 2 {
			t.Errorf("%+v %+v %+v", aside, reply, deeper)
		}
		for what, c := range map[string]struct {
			filter chat.MessageFilter
			bodies string
		}{
			"all":          {chat.MessageFilter{Channel: room.ID}, "[deeper reply aside main top]"},
			"top level":    {chat.MessageFilter{Channel: room.ID, MainThread: true}, "[main top]"},
			"main thread":  {chat.MessageFilter{Thread: chat.ThreadID(room.ID)}, "[main top]"},
			"standalone":   {chat.MessageFilter{Thread: thread.ID}, "[aside]"},
			"of a message": {chat.MessageFilter{Thread: chat.ThreadID(top.ID)}, "[reply]"},
			"replies":      {chat.MessageFilter{Parent: reply.ID}, "[deeper]"},
		} {
			want(t, what, bodiesOf(t, w, w.As(ann), c.filter), c.bodies)
		}
		list := func(f chat.ThreadFilter) (out string) {
			p, err := w.Messages.ListThreads(ctx, w.As(bob), room.ID, f, chat.PageRequest{})
			is(t, err)
			for _, th := range p.Items {
				out += string(th.Type) + " "
			}
			return out
		}
		want(t, "threads", list(chat.ThreadFilter{}), "MESSAGE MESSAGE STANDALONE MAIN ")
		want(t, "threads but the main one", list(chat.ThreadFilter{WithoutMain: true}), "MESSAGE MESSAGE STANDALONE ")
		want(t, "standalone threads", list(chat.ThreadFilter{Standalone: true}), "STANDALONE ")
		for _, id := range []chat.ThreadID{thread.ID, chat.ThreadID(room.ID), chat.ThreadID(top.ID)} {
			w.Refused("a thread of others", chat.ErrUnknownThread, func() error {
				_, err := w.Messages.RetrieveThread(ctx, w.As(eve), id)
				return err
			})
			w.Refused("into a thread of others", chat.ErrUnknownThread, func() error {
				_, err := w.Messages.Send(ctx, w.As(eve), messages.SendInput{Thread: id, Body: "x"})
				if cmp.Equal(id, chat.ThreadID(top.ID)) && err != nil { // it is known as a message
					return chat.ErrUnknownThread
				}
				return err
			})
		}
	})
}

func TestAReportIsKept(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob := t.Context(), w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann, bob)
		m := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "x"}).Message
		send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "y"})
		w.News()
		r, err := w.Messages.Report(ctx, w.As(bob), m.ID, "rude", json.RawMessage(`{"a":1}`))
		is(t, err)
		want(t, "events", w.News(), "message.reported")
		p, err := w.Messages.ListReports(ctx, w.As(ann), m.ID, chat.PageRequest{})
		is(t, err)
		if diff := cmp.Diff([]chat.MessageReport{r}, p.Items); diff != "" {
			t.Error(diff)
		}
		reported, err := w.Messages.ListReported(ctx, w.Owner(), room.ID, chat.PageRequest{})
		is(t, err)
		if len(reported.Items) != 1 || reported.Items[0].ID != m.ID {
			t.Errorf("%+v", reported)
		}
		w.Refused("reports, to others", apptest.Reason("NotAChannelModeratorError"), func() error {
			_, err := w.Messages.ListReports(ctx, w.As(bob), m.ID, chat.PageRequest{})
			return err
		})
		w.Refused("without a reason", apptest.Reason("InvalidRequestError"), func() error {
			_, err := w.Messages.Report(ctx, w.As(bob), m.ID, "", nil)
			return err
		})
	})
}

func TestAllMessagesAreDeleted(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann := t.Context(), w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		for i := range 203 {
			send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: fmt.Sprint(i)})
		}
		w.News()
		w.Refused("by a user", chat.ErrForbidden, func() error { return w.Messages.DeleteAll(ctx, w.As(ann)) })
		is(t, w.Messages.DeleteAll(ctx, w.Owner()))
		want(t, "what is left", bodiesOf(t, w, w.As(ann), chat.MessageFilter{Channel: room.ID}), "[]")
		want(t, "the newest", newest(t, w, w.As(ann), room.ID), "")
		if n := len(w.Events()); n != 203 {
			t.Errorf("%d events", n)
		}
	})
}

// What takes too long to wait for is done by a job, which may be repeated.
func TestAJobDeletesTheRestOfAllMessages(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx := t.Context()
		room := w.Channel(chat.Public, "room")
		stranger := chat.Actor{Application: w.Application("other").Application.ID}
		theirs, err := w.Channels.Create(ctx, stranger, channels.CreateInput{Type: chat.Public, Name: "theirs"})
		is(t, err)
		kept := send(t, w, stranger, messages.SendInput{Channel: theirs.Channel.ID, Body: "theirs"}).Message
		const count, atOnce = 2205, 2000
		waits := make([]func() (messages.Sent, error), count)
		for i := range waits {
			waits[i] = w.Messages.Begin(ctx, w.Owner(), messages.SendInput{Channel: room.ID, Body: "x"})
		}
		for _, wait := range waits {
			_, err := wait()
			is(t, err)
		}
		is(t, w.Messages.DeleteAll(ctx, w.Owner()))
		total := func() int64 {
			p, err := w.Messages.List(ctx, w.Owner(), chat.MessageFilter{}, chat.Cursor{Total: true})
			is(t, err)
			return *p.Total
		}
		if n := total(); n != count-atOnce {
			t.Errorf("%d messages are left for the job", n)
		}
		meanwhile := send(t, w, w.Owner(), messages.SendInput{Channel: room.ID, Body: "meanwhile"}).Message
		jobs := w.DueIn(store.LongLane)
		if len(jobs) != 1 || jobs[0].Kind != messages.DeleteAllJob || jobs[0].Application != w.App.ID {
			t.Fatalf("jobs: %+v", jobs)
		}
		var rest messages.DeleteRest
		is(t, json.Unmarshal([]byte(jobs[0].Payload), &rest))
		for range 2 {
			is(t, w.Messages.DeleteRest(ctx, jobs[0].Application, rest))
			if n := total(); n != 1 {
				t.Errorf("%d messages are left", n)
			}
		}
		_, err = w.Messages.Retrieve(ctx, w.Owner(), meanwhile.ID)
		is(t, err)
		_, err = w.Messages.Retrieve(ctx, stranger, kept.ID)
		is(t, err)
		is(t, w.Messages.DeleteAll(ctx, w.Owner()))
		if jobs := w.DueIn(store.LongLane); len(jobs) != 0 {
			t.Errorf("few messages make the jobs %+v", jobs)
		}
	})
}

// Whoever sent what has been deleted since is still owed an answer.
func TestTheLogTellsWhatIsLeftOfAMessage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann := t.Context(), w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		head, err := w.Timeline.Head(ctx)
		is(t, err)
		m := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "secret"}).Message
		w.News()
		body := "secret too"
		_, err = w.Messages.Update(ctx, w.As(ann), m.ID, messages.Patch{Body: &body})
		is(t, err)
		w.News()
		_, err = w.Messages.Delete(ctx, w.As(ann), m.ID)
		is(t, err)
		w.News()
		events, err := w.Timeline.After(ctx, head, 10)
		is(t, err)
		remains := m.Remains()
		for _, e := range events {
			if diff := cmp.Diff(&remains, e.Message); diff != "" || e.Gone != (e.Kind != chat.MessageDeleted) {
				t.Errorf("%s, gone %v: %s", e.Kind, e.Gone, diff)
			}
		}
		want(t, "events", fmt.Sprint(len(events)), "3")
	})
}

// A reply may be told of before its parent goes, and be asked for it after that.
func TestTheParentThatIsGone(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, eve := w.User("ann"), w.User("eve")
		room := w.Channel(chat.Private, "room", ann)
		parent := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "first"}).Message
		reply := send(t, w, w.As(ann), messages.SendInput{Parent: parent.ID, Body: "second"}).Message
		found, err := w.Messages.Parent(t.Context(), w.As(ann), reply.ID)
		is(t, err)
		if found.ID != parent.ID || found.Body != "first" || found.Replies != 1 {
			t.Errorf("the parent is %+v", found)
		}
		w.News()
		_, err = w.Messages.Delete(t.Context(), w.As(ann), parent.ID)
		is(t, err)
		found, err = w.Messages.Parent(t.Context(), w.As(ann), reply.ID)
		is(t, err)
		if found.ID != parent.ID || found.Body != "" || found.User.ID != ann.ID {
			t.Errorf("what is left of the parent is %+v", found)
		}
		for what, ask := range map[string]func() error{
			"a stranger":   func() error { _, err := w.Messages.Parent(t.Context(), w.As(eve), reply.ID); return err },
			"of no reply":  func() error { _, err := w.Messages.Parent(t.Context(), w.As(ann), parent.ID); return err },
			"of something": func() error { _, err := w.Messages.Parent(t.Context(), w.As(ann), 1); return err },
		} {
			w.Refused(what, chat.ErrUnknownMessage, ask)
		}
	})
}
