package timeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

var want = apptest.Want[string]

func say(t *testing.T, w *apptest.World, actor chat.Actor, c chat.Channel, body string) {
	t.Helper()
	if _, err := w.Messages.Send(t.Context(), actor, messages.SendInput{Channel: c.ID, Body: body}); err != nil {
		t.Fatal(err)
	}
}

func head(t *testing.T, w *apptest.World) chat.Position {
	t.Helper()
	p, err := w.Timeline.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// story tells events in one line, with what they are about.
func story(events []chat.Event) string {
	var out []string
	for _, e := range events {
		line := string(e.Kind)
		if e.Message != nil {
			line += ":" + e.Message.Body
		}
		if e.ChannelState != nil {
			line += ":" + e.ChannelState.Name
		}
		if e.User != nil {
			line += ":" + e.User.Name
		}
		out = append(out, line)
	}
	return strings.Join(out, " ")
}

func TestTheLogTellsWhatEventsAreAbout(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		want(t, "head at first", fmt.Sprint(head(t, w)), "0")
		other := w.Application("other").Application.ID
		room := w.Channel(chat.Public, "room", ann)
		after := head(t, w)
		say(t, w, w.As(ann), room, "one")
		if _, _, err := w.Channels.Join(t.Context(), w.As(bob), room.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Channels.Create(t.Context(), chat.Actor{Application: other}, channels.CreateInput{Type: chat.Private, Name: "elsewhere"}); err != nil {
			t.Fatal(err)
		}
		name := "Bobby"
		if _, err := w.Accounts.UpdateUser(t.Context(), w.As(bob), bob.ID, accounts.UserPatch{DisplayName: &name}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Channels.Delete(t.Context(), w.Owner(), room.ID); err != nil {
			t.Fatal(err)
		}
		events, err := w.Timeline.After(t.Context(), after, 100)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "story", story(events),
			"message.created:one member.joined:room:bob channel.created:elsewhere user.updated:bob channel.deleted:room")
		want(t, "head", fmt.Sprint(head(t, w)), fmt.Sprint(events[4].Position))

		part, err := w.Timeline.After(t.Context(), events[0].Position, 2)
		if err != nil || story(part) != story(events[1:3]) {
			t.Errorf("a part: %v %s", err, story(part))
		}
		none, err := w.Timeline.After(t.Context(), events[4].Position, 2)
		if err != nil || len(none) != 0 {
			t.Errorf("after the last: %v %v", err, none)
		}
		w.News()
	})
}

func TestEventsWhoseSubjectIsGone(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		say(t, w, w.As(ann), room, "one")
		w.News()
		after := head(t, w) - 1
		if _, err := w.Channels.Delete(t.Context(), w.As(ann), room.ID); err != nil {
			t.Fatal(err)
		}
		w.News()
		if err := w.Channels.Purge(t.Context(), channels.Purge{Channel: room.ID}); err != nil {
			t.Fatal(err)
		}
		events, err := w.Timeline.After(t.Context(), after, 10)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "story", story(events), "message.created channel.deleted:room")
	})
}

func TestWhatAUserMissed(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		hers, his, both := w.Channel(chat.Public, "hers", ann), w.Channel(chat.Public, "his", bob), w.Channel(chat.Private, "both", ann, bob)
		after := head(t, w)
		say(t, w, w.As(ann), hers, "to herself")
		say(t, w, w.As(bob), his, "to himself")
		say(t, w, w.As(bob), both, "to both")
		if _, err := w.Channels.AddMember(t.Context(), w.Owner(), his.ID, chat.UserRef{ID: ann.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Channels.RemoveMember(t.Context(), w.Owner(), both.ID, chat.UserRef{ID: ann.ID}); err != nil {
			t.Fatal(err)
		}
		say(t, w, w.As(bob), both, "without her")
		missed := func(u chat.User, after chat.Position, limit int) []chat.Event {
			t.Helper()
			events, err := w.Timeline.Missed(t.Context(), u.ID, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			return events
		}
		// Of the channel that she came to she is told all that is in reach;
		// of the one that she had to leave, no more than that.
		want(t, "ann", story(missed(ann, after, 10)),
			"message.created:to herself message.created:to himself member.joined:his:ann member.left:both:ann")
		want(t, "bob", story(missed(bob, after, 10)),
			"message.created:to himself message.created:to both member.joined:his:ann member.left:both:ann message.created:without her")
		first := missed(bob, after, 2)
		want(t, "bob's first two", story(first), "message.created:to himself message.created:to both")
		want(t, "bob's next", story(missed(bob, first[1].Position, 1)), "member.joined:his:ann")
		w.News()
	})
}
