package rtm

import (
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// lifecycle tells what became of a message, and what hangs on it.
func (t *teller) lifecycle() {
	e := t.event
	switch e.Kind {
	case chat.MessageUpdated, chat.MessageDeleted, chat.MessageHidden:
		t.changedMessage()
	case chat.ReactionCreated, chat.ReactionRemoved:
		t.reaction()
	case chat.MessageReported:
		if e.Report != nil {
			t.actor(realtime.Messages, "user.message.reported", func(dst []byte) []byte { return t.server.style.Report(dst, e.Report) })
		}
	case chat.ThreadCreated:
		if e.Thread != nil {
			t.actor(realtime.Threads, "user.thread.created", func(dst []byte) []byte { return t.server.style.Thread(dst, e.Thread) })
		}
	default:
	}
}

func (t *teller) changedMessage() {
	m := t.event.Message
	if m == nil {
		return // purged since
	}
	resource := func(dst []byte) []byte { return t.server.style.Message(dst, m) }
	all := about(m, realtime.Messages)
	switch t.event.Kind {
	case chat.MessageUpdated:
		t.actor(realtime.Messages, "user.message.updated", resource)
		if !t.event.Gone && !t.event.LeftOut {
			t.tell(all, "channel.message.updated", resource)
		}
	case chat.MessageDeleted:
		t.actor(realtime.Messages, "user.message.deleted", resource)
		if !t.event.LeftOut {
			t.tell(all, "channel.message.deleted", resource)
		}
	default: // for the actor alone
		t.actor(realtime.Messages, "user.message.deleted", resource)
	}
}

func (t *teller) reaction() {
	e := t.event
	if e.Reaction == nil || e.Message == nil {
		return // purged
	}
	resource := func(dst []byte) []byte { return t.server.style.Reaction(dst, e.Reaction) }
	own, all := "user.reaction.created", "message.reaction.created"
	if e.Kind == chat.ReactionRemoved {
		own, all = "user.reaction.removed", "message.reaction.removed"
	}
	t.actor(realtime.Reactions, own, resource)
	if !e.LeftOut {
		t.tell(about(e.Message, realtime.Reactions), all, resource)
	}
}
