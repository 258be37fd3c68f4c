package rest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCreateGroupChannel(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.createUser("alice"), c.createUser("bob")
	for _, kind := range []string{"PUBLIC", "PRIVATE"} {
		d := c.do("POST", "/channels", object{
			"type": kind, "name": "#" + kind, "display_name": "The " + kind, "properties": object{"snake_key": 1, "camelKey": 2},
			"creator": object{"username": "bob"}, "members": []any{object{"id": alice}, object{"username": "alice"}},
		}).ok()
		if d.text("type") != kind || d.text("name") != "#"+kind || d.text("displayName") != "The "+kind ||
			d.number("creator", "id") != bob || !cmp.Equal(d.at("properties").value, any(object{"snake_key": 1.0, "camelKey": 2.0})) {
			t.Errorf("created %v", d.value)
		}
		if d.has("creator", "_links") || d.has("lastReceivedMessage") || d.has("members") {
			t.Errorf("too much: %v", d.value)
		}
		if members := c.do("GET", path("/channels/%d/members", d.id()), nil).ok().ids(); !cmp.Equal(members, []int64{alice, bob}) {
			t.Errorf("members are %v", members)
		}
	}
	d := c.do("POST", "/channels", object{"type": "PUBLIC", "name": nil, "creator": nil, "members": nil, "properties": nil, "displayName": nil}).ok()
	if len(d.text("name")) != 36 || d.text("displayName") != d.text("name") || d.has("creator") || !cmp.Equal(d.at("properties").value, any(object{})) {
		t.Errorf("a channel of no name is %v", d.value)
	}
}

func TestCreateChannelAgain(t *testing.T) {
	t.Parallel()
	c := start(t)
	first := c.createChannel("PUBLIC", "square")
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			d := c.do("POST", "/channels", object{"type": "PUBLIC", "name": "square", "displayName": "Another"}).ok()
			if d.id() != first || d.text("displayName") != "square" {
				t.Errorf("the square is now %v", d.value)
			}
			if d := c.do("POST", "/channels", object{"type": "PRIVATE", "name": "square"}).refused(400); d.text("properties", "field") != "name" {
				t.Errorf("another type: %v", d.value)
			}
		})
	}
	wg.Wait()
	if n := len(c.do("GET", "/channels", nil).ok().ids()); n != 1 {
		t.Errorf("%d channels", n)
	}
}

func TestDirectChannels(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob, carol := c.createUser("alice"), c.createUser("bob"), c.createUser("carol")
	create := func(creator any, members ...any) answer {
		return c.do("POST", "/channels", object{"type": "DIRECT", "name": "ignored", "creator": creator, "members": members})
	}
	id := func(n int64) any { return object{"id": n} }
	name := func(s string) any { return object{"username": s} }

	d := create(id(alice), id(bob)).ok()
	if d.has("name") || d.has("displayName") || d.number("creator", "id") != alice ||
		d.text("members", 0, "name") != "alice" || d.text("members", 1, "name") != "bob" || d.has("members", 2) {
		t.Errorf("a direct channel is %v", d.value)
	}
	for _, relation := range []string{"members", "memberships", "moderators"} {
		if d.link(relation) != "" {
			t.Errorf("a direct channel links to its %s", relation)
		}
	}
	var wg sync.WaitGroup
	for _, same := range []func() answer{
		func() answer { return create(nil, id(bob), id(alice)) },
		func() answer { return create(nil, name("bob"), id(alice), name("alice")) },
		func() answer { return create(id(bob), name("alice")) },
		func() answer { return create(name("alice"), name("alice"), id(bob), id(bob)) },
	} {
		wg.Go(func() {
			if again := same().ok().id(); again != d.id() {
				t.Errorf("the same members have another channel %d", again)
			}
		})
	}
	wg.Wait()
	if other := create(nil, id(alice), id(carol)).ok().id(); other == d.id() {
		t.Error("other members have the same channel")
	}
	c.do("POST", path("/channels/%d/members", d.id()), object{"id": carol}).refused(400)
	c.do("DELETE", path("/channels/%d/members/%d", d.id(), bob), nil).refused(400)
	if got := c.do("GET", path("/channels/%d", d.id()), nil).ok(); !cmp.Equal(got.value, d.value) {
		t.Errorf("it changed: %s", cmp.Diff(d.value, got.value))
	}

	var many []any
	for i := range 11 {
		many = append(many, id(c.createUser(fmt.Sprint("user ", i))))
	}
	create(nil, many...).refused(400)
	create(id(alice), many[:10]...).refused(400)
	create(nil, many[:10]...).ok()
}

func TestCreateChannelRefusals(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("alice")
	for body, field := range map[string]string{
		`{}`:                                                      "type",
		`{"type":"SECRET"}`:                                       "type",
		`{"type":null}`:                                           "type",
		`{"type":7}`:                                              "type",
		`{"type":"PUBLIC","name":{}}`:                             "name",
		`{"type":"PUBLIC","name":"\u0000"}`:                       "name",
		`{"type":"PUBLIC","displayName":5}`:                       "displayName",
		`{"type":"PUBLIC","properties":[]}`:                       "properties",
		`{"type":"PUBLIC","members":"alice"}`:                     "members",
		`{"type":"PUBLIC","members":["alice"]}`:                   "members",
		`{"type":"PUBLIC","members":[null]}`:                      "members",
		`{"type":"PUBLIC","members":[{}]}`:                        "members.username",
		`{"type":"PUBLIC","members":[{"id":0}]}`:                  "members.id",
		`{"type":"PUBLIC","creator":"alice"}`:                     "creator",
		`{"type":"PUBLIC","creator":{}}`:                          "creator.username",
		`{"type":"PUBLIC","creator":{"id":"1"}}`:                  "creator.id",
		`{"type":"PUBLIC","creator":{"id":1.5}}`:                  "creator.id",
		`{"type":"PUBLIC","creator":{"id":99999999999999999999}}`: "creator.id",
		`{"type":"PUBLIC","creator":{"username":"\u0000"}}`:       "creator.username",
		`{"type":"DIRECT"}`:                                       "members",
		`{"type":"DIRECT","members":[]}`:                          "members",
		`{"type":"DIRECT","members":{}}`:                          "members",
		`{"type":"DIRECT","members":"x"}`:                         "members",
		`{"type":"DIRECT","members":[{"id":-1}]}`:                 "members.id",
	} {
		if d := c.do("POST", "/channels", body).refused(400); d.text("properties", "field") != field {
			t.Errorf("%s: %v", body, d.value)
		}
	}
	c.do("POST", "/channels", object{"type": "PUBLIC", "name": "x", "members": []any{object{"username": "nobody"}}}).refused(404)
	c.do("POST", "/channels", object{"type": "PUBLIC", "name": "x", "creator": object{"id": 1}}).refused(404)
	c.do("POST", "/channels", object{"type": "DIRECT", "members": []any{object{"id": alice}, object{"id": 1}}}).refused(404)
	if n := len(c.do("GET", "/channels", nil).ok().ids()); n != 0 {
		t.Errorf("%d channels came of it", n)
	}
}

func TestPatchAndDeleteChannel(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("alice")
	id := c.createChannel("PUBLIC", "square", alice)
	self := path("/channels/%d", id)
	c.do("PATCH", self, object{"display_name": "Place", "properties": object{"a": 1, "b": object{"c": 2}}}, "Content-Type", kitty).ok()
	d := c.do("PATCH", self, object{"id": 1, "name": "x", "type": "PRIVATE", "properties": object{"a": nil}}, "Content-Type", "application/json+merge-patch").ok()
	if d.id() != id || d.text("name") != "square" || d.text("type") != "PUBLIC" || d.text("displayName") != "Place" ||
		!cmp.Equal(d.at("properties").value, any(object{"b": object{"c": 2.0}})) {
		t.Errorf("patched to %v", d.value)
	}
	for _, nothing := range []string{``, `""`, `{}`} {
		if again := c.do("PATCH", self, nothing, "Content-Type", "application/json+merge-patch").ok(); !cmp.Equal(again.value, d.value) {
			t.Errorf("%q changed %s", nothing, cmp.Diff(d.value, again.value))
		}
	}
	for _, bad := range []string{`[]`, `{"displayName":{}}`, `{"displayName":null}`, `{"properties":"x"}`, `{"displayName":"a","display_name":"b"}`} {
		c.do("PATCH", self, bad).refused(400)
	}

	message := c.sendMessage(id, "hello")
	if d := c.do("GET", self, nil).ok(); d.number("lastReceivedMessage", "id") != message || d.has("lastReceivedMessage", "_links") {
		t.Errorf("the newest message: %v", d.value)
	}
	if app := c.do("DELETE", self, nil).ok(); app.id() != int64(c.app.ID) {
		t.Errorf("deleting answers with %v", app.value)
	}
	for _, gone := range []string{self, self + "/messages", self + "/members", path("/messages/%d", message)} {
		c.do("GET", gone, nil).refused(404)
	}
	c.do("DELETE", self, nil).refused(404)
	c.do("PATCH", self, `{}`).refused(404)
	if left := c.do("GET", path("/users/%d/channels", alice), nil).ok().ids(); len(left) != 0 {
		t.Errorf("alice is still in %v", left)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.createUser("alice"), c.createUser("bob")
	id := c.createChannel("PRIVATE", "team")
	list := path("/channels/%d/members", id)
	for _, ref := range []object{{"id": alice}, {"username": "bob"}, {"username": "alice"}, {"id": bob, "name": "whoever", "displayName": "x"}} {
		if d := c.do("POST", list, ref).ok(); d.id() != id || d.text("type") != "PRIVATE" {
			t.Errorf("adding answers with %v", d.value)
		}
	}
	if members := c.do("GET", list, nil).ok(); !cmp.Equal(members.ids(), []int64{alice, bob}) ||
		members.link("self") != fmt.Sprintf("%s/v1/applications/%d%s?page=0&size=25", c.url, c.app.ID, list) {
		t.Errorf("members are %v", members.value)
	}
	if d := c.do("DELETE", path("%s/%d", list, alice), nil).ok(); d.id() != id {
		t.Errorf("removing answers with %v", d.value)
	}
	if members := c.do("GET", list, nil).ok().ids(); !cmp.Equal(members, []int64{bob}) {
		t.Errorf("members are %v", members)
	}
	c.do("DELETE", path("%s/%d", list, alice), nil).refused(200, 400, 404)
	c.do("DELETE", list+"/x", nil).refused(404)
	for body, status := range map[string]int{
		`{"id":1}`: 404, `{"username":"nobody"}`: 404, `{}`: 400, `{"id":"x"}`: 400, `{"username":7}`: 400, `[]`: 400, ``: 400,
		`{"username":"a\u0000"}`: 400, `{"id":null,"username":null}`: 400,
	} {
		c.do("POST", list, body).refused(status)
	}
	for _, unknown := range []string{"1", "x", "-5", "1.5", "9223372036854775808", "0", "%20", "1e3"} {
		c.do("GET", "/channels/"+unknown+"/members", nil).refused(404)
		c.do("GET", "/channels/"+unknown, nil).refused(404)
		c.do("POST", "/channels/"+unknown+"/members", object{"id": alice}).refused(404)
	}
}

func TestChannelFilters(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob, comma := c.createUser("alice"), c.createUser("bob"), c.createUser("a,b c")
	minute := func() { c.clock.Advance(time.Minute) }
	first := c.createChannel("PUBLIC", "first", alice)
	minute()
	second := c.createChannel("PRIVATE", "second", alice, bob)
	minute()
	third := c.createChannel("DIRECT", "", alice, bob)
	fourth := c.createChannel("PUBLIC", "fourth", comma)
	created := c.do("GET", path("/channels/%d", second), nil).ok().text("createdTime")
	at, err := time.Parse(time.RFC3339, created)
	if err != nil {
		t.Fatal(err)
	}
	asDate := at.Format("2006-01-02T15:04:05.000Z") // as a JavaScript Date has it
	offset := at.In(time.FixedZone("", 7200)).Format("2006-01-02T15:04:05.999999999-07:00")
	all := []int64{first, second, third, fourth}
	for name, want := range map[string]struct {
		query string
		ids   []int64
	}{
		"none":            {"", all},
		"unknown":         {query("colour", "red", "properties2", "x"), all},
		"empty":           {query("type", "", "members", "", "startTime", ""), all},
		"type":            {query("type", "PUBLIC"), []int64{first, fourth}},
		"member":          {query("members", "bob"), []int64{second, third}},
		"members":         {query("members", "alice", "members", "bob", "members", "alice"), []int64{second, third}},
		"no member":       {query("members", "alice", "members", "nobody"), []int64{}},
		"hostile member":  {query("members", "' OR 1=1 --"), []int64{}},
		"comma":           {query("members", "a,b c"), []int64{fourth}},
		"plus":            {"?members=a%2Cb+c", []int64{fourth}},
		"from":            {query("startTime", asDate), []int64{second, third, fourth}},
		"to":              {query("endTime", asDate), []int64{first, second}},
		"exactly":         {query("startTime", created, "endTime", created), []int64{second}},
		"in another zone": {query("startTime", offset, "endTime", offset), []int64{second}},
		"minutes":         {query("endTime", "2026-05-04T12:31Z"), []int64{first}},
		"nothing":         {query("endTime", "1999-01-01T00:00:00Z"), []int64{}},
		"all":             {query("type", "DIRECT", "members", "bob", "startTime", asDate), []int64{third}},
	} {
		if ids := c.do("GET", "/channels"+want.query, nil).ok().ids(); !cmp.Equal(ids, want.ids) {
			t.Errorf("%s: %v, want %v", name, ids, want.ids)
		}
	}
	for bad, field := range map[string]string{
		query("type", "SECRET"): "type", query("type", "public"): "type", query("startTime", "yesterday"): "startTime",
		query("endTime", "2026-13-01T00:00:00Z"): "endTime", query("endTime", "1"): "endTime", query("members", "a\x00"): "members",
		query("members", "\xff"): "members", "?x=" + strings.Repeat("&members=x", 2000): "members",
	} {
		if d := c.do("GET", "/channels"+bad, nil).refused(400); d.text("properties", "field") != field {
			t.Errorf("%.50s: %v", bad, d.value)
		}
	}
}
