package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// say sends a text as a user.
func (c *client) say(channel, user int64, body string) int64 {
	c.t.Helper()
	return c.do("POST", path("/channels/%d/messages", channel), object{"type": "TEXT", "body": body, "user": object{"id": user}}).ok().id()
}

func TestMessagesAcrossChannels(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.createUser("alice"), c.createUser("bob")
	room, hall := c.createChannel("PRIVATE", "room", alice, bob), c.createChannel("PUBLIC", "hall", bob)
	gone := c.createChannel("PUBLIC", "gone")
	c.say(gone, alice, "gone")
	m := []int64{c.say(room, alice, "0"), c.say(hall, bob, "1"), c.sendMessage(room, "2"), c.say(room, bob, "3"), c.say(hall, alice, "4"), c.sendMessage(hall, "5")}
	c.do("DELETE", path("/channels/%d", gone), nil).ok()
	other := c.newClient("other")
	other.sendMessage(other.createChannel("PUBLIC", "theirs"), "x")

	for target, want := range map[string][]int64{
		"/messages":                                      {m[5], m[4], m[3], m[2], m[1], m[0]},
		"/messages?username=alice":                       {m[4], m[0]},
		"/messages?username=nobody":                      {},
		"/messages?username=":                            {m[5], m[4], m[3], m[2], m[1], m[0]},
		path("/channels/%d/messages?username=bob", room): {m[3]},
		path("/users/%d/messages", alice):                {m[4], m[0]},
		path("/users/%d/messages?unread=false", bob):     {m[3], m[1]},
		path("/users/%d/messages?unread=true", alice):    {m[3], m[2]},
		path("/users/%d/messages?unread=true", bob):      {m[5], m[4], m[2], m[0]},
	} {
		if ids := c.do("GET", target, nil).ok().ids(); !cmp.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", target, ids, want)
		}
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		// The same page by page, forth and back, while others write.
		page := c.do("GET", target+separator+"size=2", nil, "Accept", kitty).ok()
		if total := page.number("page", "total"); total < int64(len(want)) {
			t.Errorf("%s: the total is %d", target, total)
		}
		var walked []int64
		for first := page.ids(); ; page = c.follow(page.link("next"), "Accept", kitty).ok() {
			walked = append(walked, page.ids()...)
			if href := page.link("prev"); href != "" && len(walked) == 4 {
				if back := c.follow(href).ok().ids(); !cmp.Equal(back, first) {
					t.Errorf("%s: the way back leads to %v", target, back)
				}
			}
			if page.link("next") == "" {
				break
			}
		}
		if !cmp.Equal(walked, want) && (len(walked) > 0 || len(want) > 0) {
			t.Errorf("%s: the pages hold %v, want %v", target, walked, want)
		}
	}
	for target, field := range map[string]string{
		"/messages?relation=UP": "relation", "/messages?start=x": "start", "/messages?username=" + strings.Repeat("x", 2000): "username",
		"/messages?relation=NEXT": "next", path("/users/%d/messages?unread=maybe", alice): "unread", "/users?unread=1": "unread",
	} {
		if d := c.do("GET", target, nil).refused(400); d.text("properties", "field") != field {
			t.Errorf("%.40s: %v", target, d.value)
		}
	}
	c.do("GET", "/users/1/messages", nil).refused(404)
	c.do("GET", "/users/1/messages?unread=true", nil).refused(404)
	c.do("GET", path("/users/%d/messages", other.createUser("foreign")), nil).refused(404)
}

func TestReadReceiptSummaries(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.createUser("alice"), c.createUser("bob")
	room, hall := c.createChannel("PRIVATE", "room", alice, bob), c.createChannel("PUBLIC", "hall", bob)
	const list = "/application/message-read-receipt-summaries"
	if n := c.do("GET", list, nil).ok().number("page", "totalElements"); n != 0 {
		t.Errorf("%d summaries of nothing", n)
	}
	c.say(room, alice, "1")
	c.sendMessage(room, "2")
	c.sendMessage(hall, "3")
	d := c.do("GET", list, nil).ok()
	var found []string
	for i := range d.at("_embedded", "summaries").value.([]any) {
		s := d.at("_embedded", "summaries", i)
		found = append(found, fmt.Sprint(s.text("user", "name"), " ", s.text("channel", "name"), " ", s.number("count")))
		if c.follow(s.link("user")).ok().id() != s.number("user", "id") || c.follow(s.link("channel")).ok().id() != s.number("channel", "id") || s.has("user", "_links") {
			t.Errorf("a summary is %v", s.value)
		}
	}
	if want := []string{"alice room 1", "bob room 2", "bob hall 1"}; !cmp.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
	first := c.do("GET", list+"?size=1&sort=count,desc", nil).ok()
	if first.number("_embedded", "summaries", 0, "count") != 2 || first.link("next") == "" {
		t.Errorf("most is unread in %v", first.value)
	}
	if d := c.newClient("other").do("GET", list, nil).ok(); d.number("page", "totalElements") != 0 {
		t.Errorf("another application sees %v", d.value)
	}
}

func TestPropertiesFilter(t *testing.T) {
	t.Parallel()
	c := start(t)
	create := func(properties string) (user, channel int64) {
		name := fmt.Sprintf("of %.20s", properties)
		user = c.do("POST", "/users", `{"name":`+quoted(name)+`,"displayName":"x","properties":`+properties+`}`).ok().id()
		return user, c.do("POST", "/channels", `{"type":"PUBLIC","name":`+quoted(name)+`,"properties":`+properties+`}`).ok().id()
	}
	redUser, red := create(`{"team":"red","deep":{"list":[1,2,{"a":1}],"flag":true},"n":1.0}`)
	blueUser, blue := create(`{"team":"blue","note":"100% <red>","n":null}`)
	escapedUser, escaped := create(`{"te\u0061m":"r\u0065d","n":123456789012345678901234567890}`)
	create(`{}`)
	oddUser, odd := create(`{"nul":"\u0000","surrogate":"\ud800","e":1e300,"quote\"":"back\\slash"}`)
	for filter, want := range map[string][2][]int64{
		`{"team":"red"}`:                            {{redUser, escapedUser}, {red, escaped}},
		`{"team":"blue","n":null}`:                  {{blueUser}, {blue}},
		`{"deep":{"flag":true}}`:                    {{redUser}, {red}},
		`{"deep":{"list":[{"a":1},2]}}`:             {{redUser}, {red}},
		`{"deep":{"list":[3]}}`:                     {{}, {}},
		`{"n":1}`:                                   {{redUser}, {red}},
		`{"n":123456789012345678901234567891}`:      {{}, {}},
		`{"note":"100% <red>"}`:                     {{blueUser}, {blue}},
		`{"note":"100_ <red>"}`:                     {{}, {}},
		`{"team":"RED"}`:                            {{}, {}},
		`{"team":{}}`:                               {{}, {}},
		`{"nul":"\u0000"}`:                          {{oddUser}, {odd}},
		`{"quote\"":"back\\slash"}`:                 {{oddUser}, {odd}},
		`{"` + strings.Repeat("long", 300) + `":1}`: {{}, {}},
	} {
		users := c.do("GET", "/users"+query("properties", filter, "sort", "id"), nil).ok()
		if ids := users.ids(); !cmp.Equal(ids, want[0]) || users.number("page", "totalElements") != int64(len(want[0])) {
			t.Errorf("users with %.60s: %v, want %v", filter, ids, want[0])
		}
		if ids := c.do("GET", "/channels"+query("properties", filter), nil).ok().ids(); !cmp.Equal(ids, want[1]) {
			t.Errorf("channels with %.60s: %v, want %v", filter, ids, want[1])
		}
	}
	if n := len(c.do("GET", "/users"+query("properties", "{}"), nil).ok().ids()); n != 5 {
		t.Errorf("%d users have some properties or none", n)
	}
	both := query("properties", `{"team":"red"}`, "size", "1", "sort", "id,desc")
	page := c.do("GET", "/users"+both, nil).ok()
	if !cmp.Equal(page.ids(), []int64{escapedUser}) || page.number("page", "totalPages") != 2 || !cmp.Equal(c.follow(page.link("next")).ok().ids(), []int64{redUser}) {
		t.Errorf("page by page: %v", page.value)
	}
	for _, bad := range []string{"red", "[]", "5", `"x"`, "{", `{"a":}`, "{}x", strings.Repeat("x", 70<<10), "\xff"} {
		for _, list := range []string{"/users", "/channels"} {
			a := c.do("GET", list+query("properties", bad), nil)
			if a.status == 431 || a.status == 414 {
				continue
			}
			if d := a.refused(400); d.text("properties", "field") != "properties" {
				t.Errorf("%.20s: %v", bad, d.value)
			}
		}
	}
}

// quoted is a text as JSON.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
