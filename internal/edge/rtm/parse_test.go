package rtm

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/realtime"
)

func TestPageSuffixes(t *testing.T) {
	t.Parallel()
	usual := pageSuffix{size: chat.DefaultPageSize}
	for text, want := range map[string]pageSuffix{
		"":                                  usual,
		".size..sort.":                      usual,
		".size.5.sort.":                     {size: 5},
		".size..sort.name,asc":              {size: usual.size, sort: "name,asc"},
		".size.5.sort.user.displayName,asc": {size: 5, sort: "user.displayName,asc"},
		".size..sort.user.displayName,asc":  {size: usual.size, sort: "user.displayName,asc"},
		".page.3.size.5.sort.":              {page: 3, size: 5},
		".cursor.123.size.5.sort.":          {cursor: "123", size: 5},
		".cursor.newer-123.size..sort.":     {cursor: "newer-123", size: usual.size},
		".size.1000.sort.":                  {size: maxPage},
		".size.-1.sort.":                    usual,
		".size.x.sort.":                     usual,
		".page.-1.size..sort.":              usual,
		".page.99999999999.size..sort.":     usual,
		".size":                             usual,
		".page":                             usual,
		"....":                              usual,
		"nonsense":                          usual,
		".size..sort.a.sort.b":              {size: usual.size, sort: "a.sort.b"},
	} {
		if got := parseSuffix(text); got != want {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
	}
}

func TestWhatAPageSuffixAsksFor(t *testing.T) {
	t.Parallel()
	standard := chat.Sort{Property: "activity", Descending: true}
	for text, want := range map[string]chat.Sort{
		".size..sort.":                                     standard,
		".size..sort.name":                                 {Property: "name"},
		".size..sort.name,desc":                            {Property: "name", Descending: true},
		".size..sort.user.displayName,asc":                 {Property: "displayName"},
		".size..sort.lastReceivedMessage.createdTime,DESC": {Property: "lastReceivedMessage.createdTime", Descending: true},
	} {
		if got := parseSuffix(text).request(standard).Sort; len(got) != 1 || got[0] != want {
			t.Errorf("%q sorts by %+v, want %+v", text, got, want)
		}
	}
	for text, want := range map[string]chat.Cursor{
		".size.7.sort.":                   {Size: 7},
		".cursor.12.size.7.sort.":         {Size: 7, From: 12},
		".cursor.newer-12.size.7.sort.":   {Size: 7, Before: 12},
		".cursor.nonsense.size.7.sort.":   {Size: 7},
		".cursor.newer-newer.size.7.sort": {Size: 7},
	} {
		if got := parseSuffix(text).cursorRequest(); got != want {
			t.Errorf("%q asks for %+v, want %+v", text, got, want)
		}
	}
}

// FuzzParseSuffix: whatever a client asks, the links of the answer lead back to
// the same page, and are safe within JSON.
func FuzzParseSuffix(f *testing.F) {
	for _, text := range []string{"", ".size..sort.", ".page.3.size.5.sort.name,asc", ".cursor.newer-9.size..sort.user.displayName,desc", ".size.\"\n.sort.\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := parseSuffix(text)
		if p.size < 1 || p.size > maxPage || p.page < 0 {
			t.Fatalf("%q is read as %+v", text, p)
		}
		if again := parseSuffix(p.text()).text(); again != p.text() {
			t.Errorf("%q becomes %q and then %q", text, p.text(), again)
		}
		link := safe(p.text())
		if again := safe(parseSuffix(link).text()); again != link {
			t.Errorf("the link %q leads to %q", link, again)
		}
		r := &request{base: "/application/v1/user.channels.relay"}
		page := appendPage(nil, r, p, "channels", chat.Page[int]{Number: p.page, Size: p.size, Total: 1 << 40}, nil)
		if !json.Valid(page) {
			t.Errorf("%q leads to the page %s", text, page)
		}
		_ = p.cursorRequest()
	})
}

func TestPagesHaveLinksWhereThereIsAPage(t *testing.T) {
	t.Parallel()
	r := &request{base: "/application/v1/user.channels.relay"}
	item := func(dst []byte, _ *int) []byte { return append(dst, '1') }
	for text, c := range map[string]struct {
		page chat.Page[int]
		want string
	}{
		".size.2.sort.": {chat.Page[int]{Items: []int{1, 1}, Number: 0, Size: 2, Total: 5}, "self first next last"},
		".page.1.size.2.sort.": {chat.Page[int]{Items: []int{1, 1}, Number: 1, Size: 2, Total: 5},
			"self first prev next last"},
		".page.2.size.2.sort.": {chat.Page[int]{Items: []int{1}, Number: 2, Size: 2, Total: 5}, "self first prev last"},
		".page.9.size.2.sort.": {chat.Page[int]{Number: 9, Size: 2, Total: 5}, "self first prev last"},
		"":                     {chat.Page[int]{Size: 25}, "self first"},
	} {
		var page struct {
			Embedded struct{ Channels []int } `json:"_embedded"`
			Page     struct {
				Size, TotalElement, TotalElements, TotalPages, Number int
			}
			Relays map[string]string `json:"_relays"`
		}
		body := appendPage(nil, r, parseSuffix(text), "channels", c.page, item)
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var got []string
		for _, name := range []string{"self", "first", "prev", "next", "last"} {
			link, ok := page.Relays[name]
			if !ok {
				continue
			}
			got = append(got, name)
			back, ok := parseRelay(link, &stomp.Frame{})
			n := map[string]int{"self": c.page.Number, "prev": c.page.Number - 1, "next": c.page.Number + 1, "last": 2}[name]
			if p := parseSuffix(back.suffix); !ok || p.page != n || p.size != c.page.Size || back.path != "user.channels" {
				t.Errorf("%q: the link %s, %q, leads to %+v", text, name, link, p)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: links %v, want %s", text, got, c.want)
		}
		if page.Embedded.Channels == nil || len(page.Embedded.Channels) != len(c.page.Items) || page.Page.TotalElement != page.Page.TotalElements {
			t.Errorf("%q: %s", text, body)
		}
	}
}

func TestCursorPagesHaveLinksBothWays(t *testing.T) {
	t.Parallel()
	r := &request{base: "/application/v1/channels/21.messages.relay"}
	item := func(dst []byte, _ *int) []byte { return append(dst, '1') }
	body := appendCursorPage(nil, r, parseSuffix(".cursor.50.size.2.sort."), "messages",
		chat.CursorPage[int]{Items: []int{1, 1}, Size: 2, First: 50, Next: 48, Newer: true}, item)
	var page struct {
		Relays map[string]string `json:"_relays"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for name, want := range map[string]chat.Cursor{"self": {Size: 2, From: 50}, "next": {Size: 2, From: 48}, "prev": {Size: 2, Before: 50}} {
		back, _ := parseRelay(page.Relays[name], &stomp.Frame{})
		if got := parseSuffix(back.suffix).cursorRequest(); got != want {
			t.Errorf("%s, %q, leads to %+v, want %+v", name, page.Relays[name], got, want)
		}
	}
	body = appendCursorPage(nil, r, parseSuffix(""), "messages", chat.CursorPage[int]{Size: 25}, item)
	if err := json.Unmarshal(body, &page); err != nil || !strings.Contains(string(body), `"messages":[]`) {
		t.Errorf("an empty page is %s: %v", body, err)
	}
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	f := &stomp.Frame{}
	for destination, want := range map[string]request{
		"/application/v1/user.relay":                       {path: "user", base: "/application/v1/user.relay"},
		"/application/user.relay":                          {path: "user", base: "/application/user.relay"},
		"/application/v1/channels/702.relay":               {path: "channels/{id}", id: 702, base: "/application/v1/channels/702.relay"},
		"/application/v1/channels/702.members.relay.size.": {path: "channels/{id}.members", id: 702, base: "/application/v1/channels/702.members.relay", suffix: ".size."},
		"/application/v1/channels/x.members.relay":         {path: "channels/x.members", base: "/application/v1/channels/x.members.relay"},
		"/application/v1/channels/-1.relay":                {path: "channels/-1", base: "/application/v1/channels/-1.relay"},
	} {
		got, ok := parseRelay(destination, f)
		want.frame = f
		if !ok || *got != want {
			t.Errorf("%s is read as %+v, want %+v", destination, got, want)
		}
	}
	if _, ok := parseRelay("/application/v1/user", f); ok {
		t.Error("a relay without .relay")
	}
	for destination, want := range map[string]request{
		"/application/v1/channels/702.message": {path: "channels/{id}.message", id: 702},
		"/application/user.create_channel":     {path: "user.create_channel"},
		"/application/":                        {},
	} {
		got, ok := parseAction(destination, f)
		want.frame = f
		if !ok || *got != want {
			t.Errorf("%s is read as %+v, want %+v", destination, got, want)
		}
	}
	if _, ok := parseAction("/topic/v1/channels/702.message", f); ok {
		t.Error("an action at a topic")
	}
}

func TestTopics(t *testing.T) {
	t.Parallel()
	for name, n := range topicNames {
		for _, version := range []string{"v1/", ""} {
			for collection, want := range map[string]realtime.Topic{"users": realtime.UserTopic(7, n), "channels": realtime.ChannelTopic(7, n)} {
				destination := "/topic/" + version + collection + "/7." + name
				if got, ok := parseTopic(destination); !ok || got != want {
					t.Errorf("%s is read as %+v", destination, got)
				}
			}
		}
	}
	for _, destination := range []string{
		"", "/topic/", "/topic/v1/", "/topic/v1/users", "/topic/v1/users/7", "/topic/v1/users/7.", "/topic/v1/users/7.unknown", "/topic/v1/users/0.self",
		"/topic/v1/users/-7.self", "/topic/v1/users/07.self.x", "/topic/v1/messages/7.self", "/topic/v1/users/99999999999999999999.self",
		"undefined", "/queue/v1/users/7.self", "/topic/v1/users/7/self", "/topic/v1/v1/users/7.self",
	} {
		if got, ok := parseTopic(destination); ok {
			t.Errorf("%q is read as %+v", destination, got)
		}
	}
}

func FuzzParseDestination(f *testing.F) {
	for _, text := range []string{
		"/application/v1/channels/702.members.relay.size..sort.", "/topic/v1/users/7.self", "/application/user.create_channel", "/application/", "undefined", "/topic/v1/a/1.",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, destination string) {
		frame := &stomp.Frame{}
		if r, ok := parseRelay(destination, frame); ok && r.base+r.suffix != destination {
			t.Errorf("relay %q is parted into %q and %q", destination, r.base, r.suffix)
		}
		if r, ok := parseAction(destination, frame); ok && r.id < 0 {
			t.Errorf("action %q is of %d", destination, r.id)
		}
		if topic, ok := parseTopic(destination); ok && (topic.ID <= 0 || topic.Name == 0 || topic.Scope == 0) {
			t.Errorf("topic %q is %+v", destination, topic)
		}
	})
}

func TestAuthParams(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "",
		"undefined":                        "",
		"null":                             "",
		"eyJwYXNzd29yZCI6InAgdyIsIm4iOjF9": `{"password":"p w","n":1}`,
		"eyJwIjoi6SJ9":                     `{"p":"é"}`, // Latin-1
		"eyJwIjoiw6kifQ==":                 `{"p":"é"}`, // UTF-8
		"InN0ciI=":                         `"str"`,
		`{"password":"p:w"}`:               `{"password":"p:w"}`,
		`["a"]`:                            `["a"]`,
		`"text"`:                           `"text"`,
	} {
		got, err := authParams(text)
		if err != nil || string(got) != want {
			t.Errorf("%q is read as %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"?", "eyJ", "aGVsbG8=", "{", "  "} {
		if got, err := authParams(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

func FuzzAuthParams(f *testing.F) {
	f.Add("eyJwIjoi6SJ9")
	f.Add(`{"password":"p:w"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := authParams(text); err == nil && len(got) > 0 && !json.Valid(got) {
			t.Errorf("%q is read as %q", text, got)
		}
	})
}
