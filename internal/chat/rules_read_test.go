package chat_test

import (
	"testing"

	"github.com/purrchat/purr/internal/chat"
)

func TestReadRules(t *testing.T) {
	t.Parallel()
	application, user := chat.Actor{Application: 9}, chat.Actor{Application: 9, User: 1}
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"a member reads":                   {chat.CheckRead(user, true), "-"},
		"a stranger reads":                 {chat.CheckRead(user, false), "forbidden"},
		"the application reads":            {chat.CheckRead(application, false), "forbidden"},
		"a user counts his own":            {chat.CheckUnreadOf(user, 1), "-"},
		"a user counts another one's":      {chat.CheckUnreadOf(user, 2), "forbidden"},
		"the application counts anybody's": {chat.CheckUnreadOf(application, 2), "-"},
	} {
		if got := code(c.err); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
	for kind, numbered := range map[chat.EventKind]bool{
		chat.MessageCreated: true, chat.MemberJoined: true, chat.MessageRead: false, chat.MessageUnread: false,
	} {
		if kind.Numbered() != numbered {
			t.Errorf("%s takes a number: %v", kind, !numbered)
		}
	}
}
