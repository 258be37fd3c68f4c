package timeline

import "github.com/purrchat/purr/internal/chat"

// isReceipt tells the events that are about a message and its reader.
func isReceipt(e chat.Event) bool {
	return e.Kind == chat.MessageRead || e.Kind == chat.MessageUnread
}

func (s *subjects) wantReceipt(e chat.Event) {
	s.messageIDs = append(s.messageIDs, chat.MessageID(e.Subject))
	s.userIDs = append(s.userIDs, e.Target)
}

func (s *subjects) fillReceipt(e *chat.Event) {
	if m, ok := s.messages[chat.MessageID(e.Subject)]; ok {
		e.Message = &m
	}
	if u, ok := s.users[e.Target]; ok {
		e.User = &u
	}
}
