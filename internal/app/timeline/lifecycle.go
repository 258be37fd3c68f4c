package timeline

import (
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// lifecycle is what events are about that tell of what became of a message.
type lifecycle struct {
	remainIDs   []chat.MessageID
	reactionIDs []chat.ReactionID
	reportIDs   []chat.ReportID
	threadIDs   []chat.ThreadID

	remains   map[chat.MessageID]chat.Message
	reactions map[chat.ReactionID]chat.Reaction
	reports   map[chat.ReportID]chat.MessageReport
	threads   map[chat.ThreadID]chat.Thread
}

// wantLifecycle notes what an event is about, if it is one of these.
func (s *subjects) wantLifecycle(e chat.Event) bool {
	switch e.Kind {
	case chat.MessageUpdated:
		s.messageIDs = append(s.messageIDs, chat.MessageID(e.Subject))
	case chat.MessageDeleted, chat.MessageHidden:
		s.remainIDs = append(s.remainIDs, chat.MessageID(e.Subject))
	case chat.ReactionCreated, chat.ReactionRemoved:
		s.reactionIDs = append(s.reactionIDs, chat.ReactionID(e.Subject))
	case chat.MessageReported:
		s.reportIDs = append(s.reportIDs, chat.ReportID(e.Subject))
	case chat.ThreadCreated:
		s.threadIDs = append(s.threadIDs, chat.ThreadID(e.Subject))
	default:
		return false
	}
	return true
}

func (l *lifecycle) find(tx *store.Tx, app chat.ApplicationID) (err error) {
	if l.reactions, err = tx.ReactionsByID(app, l.reactionIDs); err != nil {
		return err
	}
	for _, r := range l.reactions {
		l.remainIDs = append(l.remainIDs, r.Message)
	}
	if l.remains, err = tx.RemainsByID(app, l.remainIDs); err != nil {
		return err
	}
	if l.reports, err = tx.ReportsByID(app, l.reportIDs); err != nil {
		return err
	}
	l.threads, err = tx.ThreadsByID(app, l.threadIDs)
	return err
}

// missing wants what is left of the messages that are not there any more.
func (s *subjects) missing() {
	for _, id := range s.messageIDs {
		if _, ok := s.messages[id]; !ok {
			s.remainIDs = append(s.remainIDs, id)
		}
	}
}

// fillMessage gives an event its message, or what is left of it.
func (s *subjects) fillMessage(e *chat.Event) {
	if e.Message = found(s.messages, chat.MessageID(e.Subject)); e.Message == nil {
		e.Message = found(s.remains, chat.MessageID(e.Subject))
		e.Gone = e.Message != nil
	}
}

// fillLifecycle gives an event what it is about, if it is one of these.
func (s *subjects) fillLifecycle(e *chat.Event) bool {
	switch e.Kind {
	case chat.MessageUpdated:
		s.fillMessage(e)
	case chat.MessageDeleted, chat.MessageHidden:
		e.Message = found(s.remains, chat.MessageID(e.Subject))
	case chat.ReactionCreated, chat.ReactionRemoved:
		if e.Reaction = found(s.reactions, chat.ReactionID(e.Subject)); e.Reaction != nil {
			e.Message = found(s.remains, e.Reaction.Message)
		}
	case chat.MessageReported:
		e.Report = found(s.reports, chat.ReportID(e.Subject))
	case chat.ThreadCreated:
		e.Thread = found(s.threads, chat.ThreadID(e.Subject))
	default:
		return false
	}
	return true
}

// found is a copy of what a map holds, nil where it holds nothing.
func found[K comparable, V any](in map[K]V, key K) *V {
	v, ok := in[key]
	if !ok {
		return nil
	}
	return &v
}
