package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// notification is what both SDKs hand to onNotificationReceived.
type notification struct {
	ID      int64            `json:"id"`
	Title   string           `json:"title"`
	Body    string           `json:"body"`
	Muted   bool             `json:"muted"`
	Created string           `json:"createdTime"`
	Read    *string          `json:"readTime"`
	Channel *harness.Channel `json:"channel"`
	Data    struct {
		Type      string            `json:"type"`
		ChannelID int64             `json:"channelId"`
		Recipient harness.User      `json:"recipient"`
		Message   harness.Message   `json:"message"`
		Parent    *harness.Message  `json:"parent"`
		User      *harness.User     `json:"mentionedUser"`
		Mentioned *harness.Channel  `json:"mentionedChannel"`
		Relays    map[string]string `json:"_relays"`
	} `json:"data"`
}

// notificationsOf reads what a log of onNotificationReceived has heard.
func notificationsOf(t *testing.T, calls []harness.Call) []notification {
	t.Helper()
	list := make([]notification, len(calls))
	for i, call := range calls {
		if err := call.Decode(0, &list[i]); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// told waits for exactly these notifications, such as "USER:SENT:MESSAGE hello".
// A last message, sent to make sure that nothing else comes, is left out.
func told(t *testing.T, log *harness.Log, want ...string) []notification {
	t.Helper()
	list := notificationsOf(t, log.Await(t, len(want)))
	var got []string
	for _, n := range list {
		text := n.Data.Type + " " + n.Body
		if n.Muted {
			text += " muted"
		}
		got = append(got, text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("was told %q, want %q", got, want)
	}
	return list
}

// Bob, on two devices with both SDKs, is told of what happens where he is not
// looking, and of nothing else.
func TestNotifications(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(other(sdk), "alice"), p.start(sdk, "bob")
		phone := p.start(other(sdk), "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		side := alice.CreateChannel("PUBLIC", map[string]any{"name": "side"})
		his := bob.Enter(hers.ID)
		one, two, own := bob.Observe("onNotificationReceived"), phone.Observe("onNotificationReceived"), alice.Observe("onNotificationReceived")

		first := alice.SendMessage(hers, "hello")
		p.rest.Must(nil, "POST", fmt.Sprintf("/channels/%d/messages", hers.ID), map[string]any{"type": "TEXT", "body": "system"})
		bob.Must("muteChannel", map[string]any{"channel": his.Ref})
		alice.SendMessage(hers, "quiet")
		bob.Must("unmuteChannel", map[string]any{"channel": his.Ref})
		mine := bob.SendMessage(his, "mine")
		alice.Must("sendMessage", map[string]any{"message": messageOf(t, alice, hers, mine.ID).Ref, "body": "answer"})
		alice.SendMessage(hers, "see <@bob> and <@alice> and <@bob>")
		alice.SendMessage(hers, "see <#lobby>")
		// He is no member there; he may come.
		alice.SendMessage(side, "over here, <@bob>, not in <#lobby>")

		// With a chat session on one device neither is told.
		session := bob.StartChatSession(his, harness.OnMessage)
		alice.SendMessage(hers, "unheard <@bob> <#lobby>")
		session.Messages().Await(t, 1)
		session.End()
		alice.SendMessage(hers, "last")

		want := []string{
			"USER:SENT:MESSAGE hello", "SYSTEM:SENT:MESSAGE system", "USER:SENT:MESSAGE quiet muted",
			"USER:SENT:MESSAGE answer", "USER:REPLIED_TO:MESSAGE answer",
			"USER:SENT:MESSAGE see <@bob> and <@alice> and <@bob>", "USER:MENTIONED:USER see <@bob> and <@alice> and <@bob>",
			"USER:SENT:MESSAGE see <#lobby>", "USER:MENTIONED:CHANNEL see <#lobby>",
			"USER:MENTIONED:USER over here, <@bob>, not in <#lobby>", "USER:MENTIONED:CHANNEL over here, <@bob>, not in <#lobby>",
			"USER:SENT:MESSAGE last",
		}
		list := told(t, one, want...)
		for i, again := range told(t, two, want...) {
			if again.ID != list[i].ID {
				t.Errorf("the devices were told of %d and %d", list[i].ID, again.ID)
			}
		}
		told(t, own, "SYSTEM:SENT:MESSAGE system", "USER:SENT:MESSAGE mine")
		checkContents(t, list, first, mine)
	})
}

// checkContents looks at what the notifications of TestNotifications say.
func checkContents(t *testing.T, list []notification, first, mine *harness.Message) {
	t.Helper()
	for i, title := range map[int]string{
		0: "alice sent a message", 1: "System message sent", 4: "alice replied to your message", 6: "alice mentioned you", 8: "alice mentioned lobby",
	} {
		if list[i].Title != title {
			t.Errorf("title %q, want %q", list[i].Title, title)
		}
	}
	for _, n := range list {
		d := n.Data
		if n.ID <= 0 || n.Created == "" || n.Read != nil || n.Channel == nil || n.Channel.ID != d.ChannelID || d.Recipient.Name != "bob" ||
			d.Message.Body != n.Body || d.Relays["message"] != fmt.Sprintf("/application/v1/messages/%d.relay", d.Message.ID) {
			t.Errorf("incomplete: %+v", n)
		}
	}
	if list[0].Data.Message.ID != first.ID || list[0].Channel.Name != "lobby" || list[0].Channel.Actions["leave"] == "" {
		t.Errorf("the first is about %+v", list[0])
	}
	if parent := list[4].Data.Parent; parent == nil || parent.ID != mine.ID {
		t.Errorf("the answer is to %+v", parent)
	}
	if u := list[6].Data.User; u == nil || u.Name != "bob" {
		t.Errorf("%+v was mentioned", u)
	}
	if c := list[8].Data.Mentioned; c == nil || c.Name != "lobby" {
		t.Errorf("%+v was mentioned", c)
	}
	if actions := list[9].Channel.Actions; actions["join"] == "" || actions["leave"] != "" {
		t.Errorf("who is no member is offered %v", actions)
	}
}

// Whom one has blocked does not disturb; whom one has not been let in to hears
// nothing.
func TestNobodyIsNotifiedInVain(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob, carol := p.start(harness.Core, "alice"), p.start(sdk, "bob"), p.start(other(sdk), "carol")
		hers := alice.CreateChannel("PRIVATE", map[string]any{"name": "den", "members": []any{ref("bob")}})
		his := bob.RetrieveChannel(hers.ID)
		bobs, carols := bob.Observe("onNotificationReceived"), carol.Observe("onNotificationReceived")
		members := bob.ListMembers(his).Items
		at := slices.IndexFunc(members, func(u harness.User) bool { return u.Name == "alice" })
		bob.Must("blockUser", map[string]any{"user": members[at].Ref})
		alice.SendMessage(hers, "<@bob>, <@carol>")
		p.rest.Must(nil, "POST", fmt.Sprintf("/channels/%d/messages", hers.ID), map[string]any{"type": "TEXT", "body": "for bob"})
		told(t, bobs, "SYSTEM:SENT:MESSAGE for bob")
		alice.CreateChannel("DIRECT", map[string]any{"members": []any{ref("carol")}})
		direct := carol.ListChannels(map[string]any{"subscribable": true}).Items
		carol.SendMessage(&direct[0], "mine")
		alice.SendMessage(alice.RetrieveChannel(direct[0].ID), "for carol")
		told(t, carols, "USER:SENT:MESSAGE for carol")
	})
}

// The counters of connectApi follow messages and reading by themselves.
func TestConnectAPICountersMove(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		alice, bob := p.start(harness.Core, "alice"), p.start(harness.Classic, "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his := bob.Enter(hers.ID)
		connection := p.node.ConnectAPI(p.Host(), p.APIKey, "bob")
		messages, channels := connection.Watch("unreadMessagesCount"), connection.Watch("unreadChannelsCount")
		alice.SendMessage(hers, "one")
		messages.AwaitMatch(t, "an unread message", shows("1"))
		channels.AwaitMatch(t, "an unread channel", shows("1"))
		p.rest.Must(nil, "POST", fmt.Sprintf("/channels/%d/messages", hers.ID), map[string]any{"type": "TEXT", "body": "two"})
		messages.AwaitMatch(t, "two unread messages", shows("2"))
		bob.Must("readChannel", map[string]any{"channel": his.Ref})
		messages.AwaitMatch(t, "no unread messages", shows("0"))
		channels.AwaitMatch(t, "no unread channels", shows("0"))
		connection.Dispose()
	})
}

// A back end lists what a user has been told of, whether or not he was there.
func TestBackEndNotifications(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		alice, bob := p.start(harness.Core, "alice"), p.start(harness.Classic, "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his := bob.Enter(hers.ID)
		user := bob.CurrentUser().ID
		heard := bob.Observe("onNotificationReceived")
		alice.SendMessage(hers, "heard")
		live := notificationsOf(t, heard.Await(t, 1))
		bob.Must("readChannel", map[string]any{"channel": his.Ref})
		bob.EndSession()
		for i := range 5 {
			alice.SendMessage(hers, fmt.Sprint("away ", i))
		}
		alice.SendMessage(hers, "<@bob>")

		var page struct {
			Embedded struct {
				Notifications []json.RawMessage `json:"notifications"`
			} `json:"_embedded"`
			Links map[string]struct {
				Href string `json:"href"`
			} `json:"_links"`
		}
		var titles []string
		var ids []int64
		args := []any{user, 3}
		for {
			page.Embedded.Notifications, page.Links = nil, nil
			backend.Must(&page, "Users", "listUserNotifications", args...)
			for _, one := range page.Embedded.Notifications {
				var n notification
				if err := json.Unmarshal(one, &n); err != nil {
					t.Fatal(err)
				}
				titles, ids = append(titles, n.Title+": "+n.Body), append(ids, n.ID)
				var read map[string]json.RawMessage
				if err := json.Unmarshal(one, &read); err != nil {
					t.Fatal(err)
				}
				if _, is := read[backend.Member("readTime")]; is != (n.Body == "heard") {
					t.Errorf("%s was read: %v", n.Body, is)
				}
			}
			href := page.Links["next"].Href
			if href == "" {
				break
			}
			args = []any{user, 3, cursor(t, href, "start"), cursor(t, href, "next"), "NEXT"}
		}
		want := []string{"alice mentioned you: <@bob>", "alice sent a message: <@bob>"}
		for i := range 5 {
			want = append(want, fmt.Sprint("alice sent a message: away ", 4-i))
		}
		if want = append(want, "alice sent a message: heard"); !slices.Equal(titles, want) {
			t.Errorf("listed %q, want %q", titles, want)
		}
		if ids[len(ids)-1] != live[0].ID {
			t.Errorf("the list has %d for what was told as %d", ids[len(ids)-1], live[0].ID)
		}
	})
}
