package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// platformSDKs are the server SDKs that back ends use.
var platformSDKs = []harness.PlatformSDK{harness.PlatformNew, harness.PlatformOld}

func eachPlatform(t *testing.T, story func(t *testing.T, p place, backend *harness.PlatformClient)) {
	t.Helper()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		for _, sdk := range platformSDKs {
			t.Run(string(sdk), func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, engine)
				story(t, p, p.node.NewPlatform(sdk, p.Server, p.Application))
			})
		}
	})
}

// identified is all that most steps need to know of an answer.
type identified struct {
	ID int64 `json:"id"`
}

// A back end sets up users and channels, adds a member, speaks as the system
// and for a user, and reads everything back page by page. A user who is online
// meanwhile hears it.
func TestBackEndStory(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		var created identified
		answer := backend.Must(&created, "Users", "createUser", backend.Members(map[string]any{
			"name": "alice", "displayName": "Alice A.", "isGuest": true, "properties": map[string]any{"favoriteColor": "red"},
		}))
		alice := created.ID
		if name := backend.Text(answer.Data, "displayName"); name != "Alice A." {
			t.Errorf("alice is called %q", name)
		}
		if !strings.Contains(string(answer.Data), `"favoriteColor":"red"`) {
			t.Errorf("members of properties must keep their spelling: %s", answer.Data)
		}
		backend.Must(&created, "Users", "createUser", backend.Members(map[string]any{
			"name": "bob", "displayName": "Bob", "isGuest": true,
		}))
		bob := created.ID
		backend.Must(nil, "Users", "checkUserExists", "alice")
		if status := backend.StatusOf("Users", "checkUserExists", "nobody"); status != http.StatusNotFound {
			t.Errorf("an unknown user exists with status %d", status)
		}

		answer = backend.Must(&created, "Channels", "createChannel", backend.Members(map[string]any{
			"type": "PRIVATE", "name": "team", "displayName": "The team",
			"members": []any{map[string]any{"id": alice}},
		}))
		team := created.ID
		if name := backend.Text(answer.Data, "displayName"); name != "The team" {
			t.Errorf("the channel is called %q", name)
		}
		backend.Must(nil, "Channels", "addChannelMember", team, map[string]any{"username": "bob"})
		if members := embeddedIDs(t, backend.Must(nil, "Channels", "listChannelMembers", team).Data, "users"); !slices.Equal(members, []int64{alice, bob}) {
			t.Errorf("members are %v, want %v", members, []int64{alice, bob})
		}

		reader := p.start(harness.Core, "bob")
		heard := reader.StartChatSession(reader.RetrieveChannel(team), harness.OnMessage).Messages()

		const count = 60
		var sent []int64
		for i := range count {
			message := map[string]any{"type": "TEXT", "body": fmt.Sprintf("message %d", i)}
			if i%2 == 1 {
				message["user"] = map[string]any{"id": alice}
			}
			answer = backend.Must(&created, "Channels", "sendChannelMessage", team, message)
			wantType := "SYSTEM_TEXT"
			if i%2 == 1 {
				wantType = "TEXT"
			}
			if kind := backend.Text(answer.Data, "type"); kind != wantType {
				t.Errorf("message %d has the type %s", i, kind)
			}
			sent = append(sent, created.ID)
		}
		if listened := messageIDs(harness.MessagesOf(t, heard.Await(t, count))); !slices.Equal(listened, sent) {
			t.Errorf("bob heard %v, sent were %v", listened, sent)
		}

		history := pagedMessages(t, backend, team)
		slices.Reverse(history)
		if !slices.Equal(history, sent) {
			t.Errorf("the pages hold %v, sent were %v", history, sent)
		}
	})
}

func embeddedIDs(t *testing.T, page json.RawMessage, name string) []int64 {
	t.Helper()
	var read struct {
		Embedded map[string][]identified `json:"_embedded"`
	}
	if err := json.Unmarshal(page, &read); err != nil {
		t.Fatalf("%v in %s", err, page)
	}
	var ids []int64
	for _, item := range read.Embedded[name] {
		ids = append(ids, item.ID)
	}
	return ids
}

// pagedMessages reads a channel newest first, by the cursors in the links, and
// writes a message between the pages: the pages must not shift.
func pagedMessages(t *testing.T, backend *harness.PlatformClient, channel int64) []int64 {
	t.Helper()
	const size = 25
	args := []any{channel, size}
	var ids []int64
	for range 100 {
		answer := backend.Must(nil, "Channels", "listChannelMessages", args...)
		items := embeddedIDs(t, answer.Data, "messages")
		ids = append(ids, items...)
		var page struct {
			Links map[string]struct {
				Href string `json:"href"`
			} `json:"_links"`
		}
		if err := json.Unmarshal(answer.Data, &page); err != nil {
			t.Fatal(err)
		}
		next := page.Links["next"].Href
		if next == "" {
			return ids
		}
		if len(items) != size {
			t.Fatalf("%d messages on a page with a next one", len(items))
		}
		args = []any{channel, size, cursor(t, next, "start"), cursor(t, next, "next"), "NEXT"}
		backend.Must(nil, "Channels", "sendChannelMessage", channel, map[string]any{"type": "TEXT", "body": "meanwhile"})
	}
	t.Fatal("the pages do not end")
	return nil
}

// cursor reads a cursor out of a link. It must survive the SDKs, which pass
// numbers.
func cursor(t *testing.T, href, name string) int64 {
	t.Helper()
	link, err := url.Parse(href)
	if err != nil {
		t.Fatal(err)
	}
	value, err := strconv.ParseInt(link.Query().Get(name), 10, 64)
	if err != nil || value >= 1<<53 {
		t.Fatalf("the cursor %s in %s: %d, %v", name, href, value, err)
	}
	return value
}

// Back ends change and remove what they made, and learn from the status when
// it is gone.
func TestBackEndHousekeeping(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		var created identified
		backend.Must(&created, "Users", "createUser", backend.Members(map[string]any{
			"name": "alice", "displayName": "Alice", "isGuest": false,
		}))
		alice := created.ID
		if status := backend.StatusOf("Users", "createUser", backend.Members(map[string]any{
			"name": "alice", "displayName": "Another", "isGuest": false,
		})); status != http.StatusBadRequest {
			t.Errorf("a taken name is refused with %d", status)
		}
		answer := backend.Must(nil, "Users", "updateUser", alice, backend.Members(map[string]any{"displayName": "Alice B."}))
		if name := backend.Text(answer.Data, "displayName"); name != "Alice B." {
			t.Errorf("alice is now called %q", name)
		}

		backend.Must(&created, "Channels", "createChannel", map[string]any{"type": "PUBLIC", "name": "square"})
		square := created.ID
		backend.Must(&created, "Channels", "createChannel", map[string]any{"type": "PUBLIC", "name": "square"})
		if created.ID != square {
			t.Errorf("an equivalent channel was created twice: %d and %d", square, created.ID)
		}
		backend.Must(nil, "Channels", "addChannelMember", square, map[string]any{"id": alice})
		backend.Must(nil, "Channels", "removeChannelMember", square, alice)
		if members := embeddedIDs(t, backend.Must(nil, "Channels", "listChannelMembers", square).Data, "users"); len(members) != 0 {
			t.Errorf("members are %v", members)
		}

		backend.Must(&created, "Channels", "sendChannelMessage", square, map[string]any{"type": "TEXT", "body": "draft"})
		answer = backend.Must(nil, "Messages", "retrieveMessage", created.ID)
		if body := backend.Text(answer.Data, "body"); body != "draft" {
			t.Errorf("the message says %q", body)
		}

		backend.Must(nil, "Channels", "deleteChannel", square)
		if status := backend.StatusOf("Channels", "retrieveChannel", square); status != http.StatusNotFound && status != http.StatusGone {
			t.Errorf("a deleted channel answers with %d", status)
		}
		backend.Must(nil, "Users", "deleteUser", alice)
		if status := backend.StatusOf("Users", "checkUserExists", "alice"); status != http.StatusNotFound {
			t.Errorf("a deleted user exists with status %d", status)
		}
	})
}

// Lists of users are numbered pages.
func TestBackEndLists(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		const count, size = 30, 12
		var all []int64
		for i := range count {
			all = append(all, p.rest.CreateUser(fmt.Sprintf("user %02d", i)).ID)
		}
		var paged []int64
		for number := 0; number*size < count; number++ {
			answer := backend.Must(nil, "Users", "listUsers", number, size)
			paged = append(paged, embeddedIDs(t, answer.Data, "users")...)
			var read struct {
				Page map[string]int64 `json:"page"`
			}
			if err := json.Unmarshal(answer.Data, &read); err != nil {
				t.Fatal(err)
			}
			if read.Page["number"] != int64(number) || read.Page[backend.Member("totalElements")] != count {
				t.Errorf("page %d says %v", number, read.Page)
			}
		}
		if !slices.Equal(paged, all) {
			t.Errorf("the pages hold %d users in another order or number than the %d created", len(paged), len(all))
		}
		answer := backend.Must(nil, "Users", "listUsers", 0, size, nil, "user 07")
		if found := embeddedIDs(t, answer.Data, "users"); !slices.Equal(found, all[7:8]) {
			t.Errorf("one name finds %v", found)
		}
	})
}
