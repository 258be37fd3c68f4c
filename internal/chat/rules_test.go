package chat_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
)

// TestRules is the table of who may do what: a row for each type of channel and
// relation to it, a column for each rule, with the refusal's code.
func TestRules(t *testing.T) {
	t.Parallel()
	const table = `
		channel relation    | see post      join      leave     add     manage
		PUBLIC  application | yes -         -         forbidden -       -
		PUBLIC  creator     | yes -         -         -         -       -
		PUBLIC  member      | yes -         -         -         -       forbidden
		PUBLIC  stranger    | yes forbidden -         forbidden -       forbidden
		PRIVATE application | yes -         forbidden forbidden -       -
		PRIVATE creator     | yes -         forbidden -         -       -
		PRIVATE member      | yes -         forbidden -         -       forbidden
		PRIVATE stranger    | no  forbidden forbidden forbidden -       forbidden
		DIRECT  application | yes -         forbidden forbidden invalid -
		DIRECT  creator     | yes -         forbidden forbidden invalid -
		DIRECT  member      | yes -         forbidden forbidden invalid forbidden
		DIRECT  stranger    | no  forbidden forbidden forbidden invalid forbidden`
	for row := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		f := strings.Fields(row)
		if f[0] == "channel" {
			continue
		}
		c := chat.Channel{Type: chat.ChannelType(f[0]), Creator: &chat.User{ID: 1}}
		a := map[string]chat.Actor{
			"application": {Application: 9}, "creator": {Application: 9, User: 1}, "member": {Application: 9, User: 2}, "stranger": {Application: 9, User: 3},
		}[f[1]]
		member := f[1] == "creator" || f[1] == "member"
		see := "no"
		if chat.MaySee(a, c, member) {
			see = "yes"
		}
		got := []string{
			see, code(chat.CheckPost(a, member)), code(chat.CheckJoin(c)), code(chat.CheckLeave(c, member)),
			code(chat.CheckAddMember(c)), code(chat.CheckManage(a, c, false)),
		}
		if fmt.Sprint(got) != fmt.Sprint(f[3:]) {
			t.Errorf("%s %s: %v, want %v", f[0], f[1], got, f[3:])
		}
	}
	if err := chat.CheckManage(chat.Actor{Application: 9, User: 1}, chat.Channel{}, false); err == nil {
		t.Error("a channel without a creator is managed by a user")
	}
}

func code(err error) string {
	if err == nil {
		return "-"
	}
	return string(chat.CodeOf(err))
}
