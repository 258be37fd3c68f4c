package rtm

import (
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
)

func TestTyping(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(time.Unix(1000, 0))
	var news []string
	ty := newTyping(func(s chat.Signal) { news = append(news, strings.TrimSpace(string(s.Kind)+" "+s.Text)) }, clock.Now)
	ann, actor := typist{1, 2}, chat.Actor{Application: 9, User: 2, Session: 3}
	expect := func(what, wanted string) {
		t.Helper()
		if got := strings.Join(news, ", "); got != wanted {
			t.Errorf("%s: %s, want %s", what, got, wanted)
		}
		news = nil
	}
	ty.keys(actor, ann, "h")
	ty.keys(actor, ann, "hi")
	expect("keys", "keys.typed h, typing.started, keys.typed hi")
	ty.keys(actor, ann, "")
	expect("an emptied field", "keys.typed, typing.stopped")
	ty.keys(actor, ann, "hi")
	ty.said(ann, "hi")
	ty.keys(actor, ann, "hi")
	expect("keys behind their message", "keys.typed hi, typing.started, typing.stopped")
	clock.Advance(echoEnds)
	ty.keys(actor, ann, "hi")
	expect("the same later", "keys.typed hi, typing.started")
	ty.heard(&chat.Event{Kind: chat.MessageCreated, Channel: 1, Actor: 2, Session: 3})
	ty.sweep()
	expect("a message noted before", "")
	clock.Advance(typingEnds)
	ty.sweep()
	expect("a pause", "typing.stopped")
	ty.keys(actor, ann, "x")
	ty.gone(4)
	ty.gone(3)
	expect("a lost connection", "keys.typed x, typing.started, typing.stopped")
	ty.keys(actor, ann, "y")
	ty.heard(&chat.Event{Kind: chat.MemberLeft, Channel: 1, Target: 2})
	expect("leaving", "keys.typed y, typing.started, typing.stopped")
}
