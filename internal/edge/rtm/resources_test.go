package rtm_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/serve/servetest"
)

// kind is the schema of a resource of client-protocol 5. A member is written
// "name type": number, string, boolean, time, object (whatever is in it), the
// name of another kind, or []type. A question mark says that it may be absent.
// Nothing is null.
type kind struct {
	members                         []string
	relays, topics, actions, stream string
	may                             string // links that some have and others have not
}

var (
	userMembers = []string{
		"id number", "type string", "name string", "displayName string", "displayPictureUrl string", "isGuest boolean",
		"presence presence", "callStatus string", "properties object",
	}
	kinds = map[string]kind{
		"presence": {members: []string{"status string", "online boolean"}},
		"user":     {members: userMembers, relays: "self channelMember", actions: "block delete"},
		"currentUser": {
			members: userMembers,
			relays: "self channelMember channelsCount channels joinableChannels unreadChannels unreadMessagesCount contactsCount contacts " +
				"writeFileAccessGrant readFileAccessGrant messages unreadChannelsCount userBlockListItems userBlockedRecords " +
				"devices pushPreferences webPushKey",
			topics: "self channels messages notifications contacts participants users reactions calls threads readReceipts elements features styles",
			actions: "update createChannel updateDisplayPicture delete block updateMediaSettingsAudioEnabled updateMediaSettingsVideoEnabled " +
				"registerDevice updatePushPreferences",
			stream: "displayPicture",
		},
		"channel": {
			members: []string{
				"id number", "type string", "name string", "displayName? string", "creator? user", "members? []user",
				"lastReceivedMessage? message", "createdTime time", "properties object",
			},
			relays:  "self messages messagesCount lastReadMessage lastReceivedMessage unread members context threads calls blockRecords moderators",
			topics:  "self messages keystrokes typing participants readReceipts reactions events members blockRecords moderators",
			actions: "message keystrokes read mute update clearHistory hide delete triggerEvent createThread call block",
			stream:  "messages",
			may:     "join leave addModerator deleteModerator invite",
		},
		"message": {
			members: []string{
				"id number", "type string", "channelId number", "createdTime time", "properties object", "user? user", "body? string",
				"links? []link", "mentions? []mention", "file? file", "groupTag? string", "reactions []summary", "repliesCount number",
				"lastEditedTime? time", "reportCount? number", "nestedLevel number",
			},
			relays:  "self channel readReceipts repliesCount replies reactions reportCount reports",
			actions: "read reply react removeReaction delete edit deleteForMe unread updateProperties report removeReport",
			stream:  "replies",
			may:     "parent",
		},
		"file":     {members: []string{"type string", "url string", "name string", "contentType string", "size number"}},
		"link":     {members: []string{"source string", "startPosition number", "endPosition number", "preview? object"}},
		"mention":  {members: []string{"type string", "tag string", "startPosition number", "endPosition number", "user? user", "channel? channel"}},
		"emoji":    {members: []string{"character string", "description string", "aliases []string", "tags []string"}},
		"reaction": {members: []string{"emoji emoji", "user user", "createdTime time"}, relays: "message"},
		"summary":  {members: []string{"emoji emoji", "users []user", "count number"}},
		"receipt":  {members: []string{"user user", "createdTime time"}, relays: "message"},
		"keys":     {members: []string{"username string", "keys string"}, relays: "user", may: "thread"},
		"event":    {members: []string{"type string", "user? user", "properties object"}, relays: "channel"},
		"block":    {members: []string{"user user", "createdTime time"}, actions: "delete"},
		"report":   {members: []string{"user user", "reason string", "properties? object", "createdTime time"}},
		"context":  {members: []string{"startCursor string", "endCursor string", "readBy object"}},
		"thread": {
			members: []string{"id number", "type string", "name? string", "properties object", "createdTime time"},
			relays:  "self channel message", topics: "self messages keystrokes typing", actions: "message keystrokes read", stream: "messages",
		},
		"count":  {members: []string{"count number"}},
		"exists": {members: []string{"exists boolean"}},
		"grant":  {members: []string{"grant string"}},
	}
	// listed are the pages: their content by the name of it.
	listed = map[string]string{
		"channels": "channel", "messages": "message", "users": "user", "items": "block", "records": "block",
		"threads": "thread", "reactions": "reaction", "receipts": "receipt",
	}
	// told are the resources of events.
	told = map[string]string{
		"user.self.updated": "currentUser", "contact.": "user", "participant.": "user", "channel.participant.": "user",
		"channel.member.": "user", "channel.moderator.": "user", "thread.typing.": "user", "user.user.": "user",
		"user.message.reported": "report", "user.message.": "message", "channel.message.": "message",
		"user.reaction.": "reaction", "message.reaction.": "reaction", "message.read_receipt.": "receipt",
		"thread.keystrokes.": "keys", "channel.event.": "event", "user.thread.": "thread",
		"user.channel.block_record": "block", "channel.block_record.": "block", "user.user_blocklist_item.": "block",
		"user.channel.": "channel", "me.channel.": "channel", "channel.self.": "channel",
	}
	linkText = regexp.MustCompile(`^/[A-Za-z0-9/._,-]+$`)
)

// inspector checks everything that clients receive and notes which kinds came.
type inspector struct {
	t    *testing.T
	seen map[string]int
}

func (i *inspector) check(path, name string, value any) {
	i.t.Helper()
	if item, isList := strings.CutPrefix(name, "[]"); isList {
		list, ok := value.([]any)
		if !ok {
			i.t.Errorf("%s is no list: %v", path, value)
		}
		for n, each := range list {
			i.check(fmt.Sprintf("%s[%d]", path, n), item, each)
		}
		return
	}
	ok := true
	switch name {
	case "number":
		var n float64
		n, ok = value.(float64)
		ok = ok && n >= 0 && n < 1<<53 && n == float64(int64(n))
	case "string":
		_, ok = value.(string)
	case "boolean":
		_, ok = value.(bool)
	case "object":
		_, ok = value.(map[string]any)
	case "time":
		var text string
		if text, ok = value.(string); ok {
			_, err := time.Parse(time.RFC3339Nano, text)
			ok = err == nil && strings.HasSuffix(text, "Z")
		}
	default:
		i.resource(path, name, value)
	}
	if !ok {
		i.t.Errorf("%s is no %s: %v", path, name, value)
	}
}

func (i *inspector) resource(path, name string, value any) {
	i.t.Helper()
	schema, known := kinds[name]
	got, ok := value.(map[string]any)
	if !known || !ok {
		i.t.Errorf("%s is no %s: %v", path, name, value)
		return
	}
	i.seen[name]++
	allowed := []string{"_relays", "_topics", "_actions", "_streams"}
	for _, member := range schema.members {
		label, typed, _ := strings.Cut(member, " ")
		label, optional := strings.CutSuffix(label, "?")
		allowed = append(allowed, label)
		inner, there := got[label]
		switch {
		case there:
			i.check(path+"."+label, typed, inner)
		case !optional:
			i.t.Errorf("%s, a %s, has no %s: %v", path, name, label, slices.Sorted(maps.Keys(got)))
		}
	}
	for label := range got {
		if !slices.Contains(allowed, label) {
			i.t.Errorf("%s, a %s, has a %s, of which the schema knows nothing", path, name, label)
		}
	}
	for label, wanted := range map[string]string{
		"_relays": schema.relays, "_topics": schema.topics, "_actions": schema.actions, "_streams": schema.stream,
	} {
		links, _ := got[label].(map[string]any)
		for _, each := range strings.Fields(wanted) {
			if _, there := links[each]; !there {
				i.t.Errorf("%s, a %s, has no link %s.%s", path, name, label, each)
			}
		}
		for each, link := range links {
			if !slices.Contains(strings.Fields(wanted+" "+schema.may), each) {
				i.t.Errorf("%s, a %s, has a link %s.%s, of which the schema knows nothing", path, name, label, each)
			}
			if text, ok := link.(string); !ok || !linkText.MatchString(text) {
				i.t.Errorf("%s.%s.%s is no link: %v", path, label, each, link)
			}
		}
	}
}

// frame checks an answer or an event.
func (i *inspector) frame(f servetest.Frame, name string) map[string]any {
	i.t.Helper()
	var body struct {
		Type     string
		Resource map[string]any
	}
	if err := json.Unmarshal([]byte(f.Body), &body); err != nil || body.Resource == nil {
		i.t.Fatalf("no resource of kind %s: %v", name, f)
	}
	if embedded, isPage := body.Resource["_embedded"].(map[string]any); isPage {
		for content, items := range embedded {
			i.check(content, "[]"+listed[content], items)
		}
		if _, there := body.Resource["_relays"].(map[string]any); !there || len(embedded) != 1 {
			i.t.Errorf("no whole page: %v", f)
		}
		i.check("page", "object", body.Resource["page"])
		return body.Resource
	}
	i.check(name+" ("+body.Type+")", name, body.Resource)
	return body.Resource
}

// event checks an event by its name.
func (i *inspector) event(f servetest.Frame) {
	i.t.Helper()
	longest := ""
	for prefix := range told {
		if strings.HasPrefix(f.Type(), prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	if longest == "" {
		i.t.Errorf("of an event %s the test knows nothing: %v", f.Type(), f)
		return
	}
	i.frame(f, told[longest])
}

// TestEveryResourceIsComplete: whatever reaches a client, in an answer, a page,
// an event, or within another resource, has all its members and all its links,
// and nothing that is null.
func TestEveryResourceIsComplete(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	see := &inspector{t: t, seen: map[string]int{}}
	bob := s.Connect("bob")
	him := servetest.Self(t, bob)
	ann, self, room := room(t, s, "ann", "room")
	ask := func(destination, name string, headers ...string) map[string]any {
		t.Helper()
		f := ann.Ask(destination, headers...)
		if f.Refusal() != "" {
			t.Errorf("%s: %v", destination, f)
			return nil
		}
		return see.frame(f, name)
	}
	for name, topic := range self.Topics {
		if !slices.Contains([]string{"self", "channels", "messages"}, name) { // room listens to these
			ann.ListenAs("user "+name, topic)
		}
	}
	for name, topic := range room.Topics {
		ann.ListenAs("room "+name, topic)
	}
	do := func(c *servetest.Client, destination, body string) {
		t.Helper()
		c.AwaitReceipt(c.Send(destination, body))
	}
	act := func(name, body string) { t.Helper(); do(ann, room.Actions[name], body) }
	path := func(format string, id int64) string { return fmt.Sprintf("/application/v1/"+format, id) }

	bob.ListenToErrors()
	do(bob, path("channels/%d.join", room.ID), "{}")
	do(bob, him.Actions["update"], `{"displayName":"Bob","properties":{"a":1},"presence":{"status":"busy"}}`)
	do(bob, path("channels/%d.keystrokes", room.ID), `{"keys":"h"}`)
	s.Post(fmt.Sprintf("/v1/channels/%d/messages", room.ID), map[string]any{"type": "TEXT", "body": "system, see https://a.example/ and <#room>"})
	act("message", `{"type":"TEXT","body":"hello <@bob>","groupTag":"g","properties":{"a":1}}`)
	act("message", `{"type":"FILE","file":{"url":"https://files.example/a.png","name":"a.png","contentType":"image/png","size":3}}`)
	ann.Send(self.Actions["createChannel"], `{"type":"DIRECT","members":[{"username":"bob"}]}`)
	direct := servetest.Resource(t, ann.Await("the direct channel", func(f servetest.Frame) bool {
		return f.Type() == "user.channel.created" && strings.Contains(f.Body, `"DIRECT"`)
	}))
	do(ann, direct.Actions["message"], `{"type":"TEXT","body":"psst"}`)

	first := ask(room.Relays["messages"], "page")["_embedded"].(map[string]any)["messages"].([]any)[1].(map[string]any)
	message := int64(first["id"].(float64))
	for _, deed := range []struct{ action, body string }{
		{"messages/%d.reply", `{"type":"TEXT","body":"a reply"}`},
		{"messages/%d.react", `{"emoji":"+1"}`},
		{"messages/%d.react", `{"emoji":"tada"}`},
		{"messages/%d.remove_reaction", `{"emoji":"tada"}`},
		{"messages/%d.edit", `{"body":"edited <@bob>"}`},
		{"messages/%d.report", `{"reason":"rude","properties":{"a":1}}`},
	} {
		do(ann, path(deed.action, message), deed.body)
	}
	do(bob, path("messages/%d.read", message), "{}")
	act("createThread", `{"name":"aside","properties":{"a":1}}`)
	act("triggerEvent", `{"type":"wave","properties":{"a":1}}`)
	act("addModerator", `{"username":"bob"}`)
	act("update", `{"displayName":"Our room"}`)
	act("mute", `{"state":"ON"}`)
	do(ann, self.Actions["update"], `{"displayName":"Ann"}`)

	ask("/application/v1/user.relay", "currentUser")
	for _, relay := range []string{"channels", "unreadChannels", "joinableChannels", "contacts"} {
		ask(self.Relays[relay], "page")
	}
	for _, relay := range []string{"channelsCount", "unreadMessagesCount", "contactsCount"} {
		ask(self.Relays[relay], "count", "unread:true")
	}
	ask(self.Relays["channelMember"], "exists", fmt.Sprint("channelId:", room.ID))
	ask(self.Relays["readFileAccessGrant"], "grant")
	ask(self.Relays["writeFileAccessGrant"], "grant")
	ask(path("users/%d.relay", him.ID), "user")
	for _, channel := range []servetest.Entity{room, direct} {
		ask(channel.Relays["self"], "channel")
		ask(channel.Relays["lastReceivedMessage"], "message")
		ask(channel.Relays["context"], "context")
		ask(channel.Relays["unread"], "exists")
		ask(channel.Relays["messagesCount"], "count", "unread:true")
		for _, relay := range []string{"messages", "members", "moderators", "blockRecords", "threads"} {
			ask(channel.Relays[relay], "page")
		}
	}
	ask(room.Relays["lastReadMessage"], "message", "username:bob")
	ask(path("messages/%d.relay", message), "message")
	ask(path("messages/%d.channel.relay", message), "channel")
	for _, relay := range []string{"replies", "reactions", "read_receipts"} {
		ask(path("messages/%d."+relay+".relay.size..sort.", message), "page")
	}
	ask(path("messages/%d.replies_count.relay", message), "count")

	do(ann, path("users/%d.block", him.ID), "{}")
	ask(self.Relays["userBlockListItems"], "page")
	ask(self.Relays["userBlockedRecords"], "page")
	act("block", `{"username":"bob"}`)
	records := ask(room.Relays["blockRecords"], "page")["_embedded"].(map[string]any)["records"].([]any)
	if len(records) == 1 {
		link := records[0].(map[string]any)["_actions"].(map[string]any)["delete"].(string)
		do(ann, link, "{}")
	}
	do(ann, path("messages/%d.delete", message), "{}")
	act("delete", "{}")
	events := 0
	for _, f := range ann.Rest() {
		if f.Type() != "" {
			see.event(f)
			events++
		}
	}
	if events < 20 {
		t.Errorf("only %d events came", events)
	}
	for name := range kinds {
		if see.seen[name] == 0 {
			t.Errorf("no %s came by", name)
		}
	}
}
