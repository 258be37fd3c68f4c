package chat_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

func TestThePermissionsAreNotStale(t *testing.T) {
	t.Parallel()
	const path = "../../docs/permissions.md"
	want := permissions()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run make docs:\n%s", diff)
	}
}

const preface = `# Permissions

<!-- Made by "make docs" from internal/chat/rules.go; do not edit. -->

Who may do what. The server asks these tables whatever door a request comes through, and the links in its resources follow them. A
test tries every cell of the channels' tables: users through the client protocol, the application through the Platform API where that
has the operation.

A refused request changes nothing, and the session goes on. Its error has one of the names below: on the client protocol in
` + "`error`" + `, on the Platform API too, but for status 403, where ` + "`error`" + ` is always ` + "`access_denied`" + `.

## Roles

- **application**: the Platform API, and whoever has its credentials. Messages that it writes for a user need no membership of his.
- **stranger**: a user who is no member.
- **blocked**: a user who is blocked in the channel. He has ceased to be a member and cannot become one. He still finds a public channel,
  by its id and in lists, but reads nothing in it. A private one does not exist for him.
- **member**: a member with no other role. All members of a direct channel are, but for its creator.
- **moderator**: a member who was appointed. Moderators are equals and may dismiss, remove and block each other. Whoever leaves
  ceases to be one.
- **creator**: who created the channel, while he is a member: he may leave, and is the creator again when he comes back. Nobody but the
  application can take a channel from him. A channel made through the Platform API may have none.

For users and tokens of another application, channels and all that is in them do not exist, nor do deleted ones. In place of
` + "`ChannelNotFoundError`" + ` a request that names a message gets ` + "`MessageNotFoundError`" + `, one that names a thread
` + "`ThreadNotFoundError`" + `, and one that names a block ` + "`ResourceNotFoundError`" + `: the same as for an id that was never given away. Topics are
the exception in form: to listen to one that is not the user's to hear is refused by silence. What one can find out about a private
channel is that its name is taken, by creating another.
`

var titles = []struct {
	kind  chat.ChannelType
	title string
	roles []chat.Role
}{
	{chat.Public, "Public channels", []chat.Role{chat.RoleApplication, chat.RoleStranger, chat.RoleBlocked, chat.RoleMember, chat.RoleModerator, chat.RoleCreator}},
	{chat.Private, "Private channels", []chat.Role{chat.RoleApplication, chat.RoleStranger, chat.RoleBlocked, chat.RoleMember, chat.RoleModerator, chat.RoleCreator}},
	{chat.Direct, "Direct channels", []chat.Role{chat.RoleApplication, chat.RoleStranger, chat.RoleMember, chat.RoleCreator}},
}

// permissions makes the page of the documentation from the tables.
func permissions() string {
	var out strings.Builder
	out.WriteString(preface)
	seen := map[string]string{}
	cell := func(err error) string {
		var refusal *chat.Error
		if !errors.As(err, &refusal) {
			return "yes"
		}
		seen[refusal.Reason] = refusal.Message
		return "`" + strings.TrimSuffix(refusal.Reason, "Error") + "`"
	}
	out.WriteString("\nIn the tables the names are without the `Error` at their end.\n")
	for _, section := range titles {
		fmt.Fprintf(&out, "\n## %s\n\n|", section.title)
		for _, r := range section.roles {
			fmt.Fprintf(&out, " | %s", r)
		}
		out.WriteString(" |\n|---" + strings.Repeat("|:-:", len(section.roles)) + "|\n")
		for o := range chat.Operations {
			fmt.Fprintf(&out, "| %s", o)
			for _, r := range section.roles {
				fmt.Fprintf(&out, " | %s", cell(chat.CheckRight(o, section.kind, r)))
			}
			out.WriteString(" |\n")
		}
	}
	out.WriteString("\n## Users\n\n| | application | the user himself | another user |\n|---|:-:|:-:|:-:|\n")
	for o := range chat.UserOperations {
		fmt.Fprintf(&out, "| %s", o)
		for _, a := range []chat.Actor{{Application: 1}, {Application: 1, User: 1}, {Application: 1, User: 2}} {
			fmt.Fprintf(&out, " | %s", cell(chat.CheckUserRight(o, a, 1)))
		}
		out.WriteString(" |\n")
	}
	out.WriteString("\n## Errors\n\n| Name | Meaning |\n|---|---|\n")
	var names []string
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&out, "| `%s` | %s |\n", name, seen[name])
	}
	return out.String()
}
