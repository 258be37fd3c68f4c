package rest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/rest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every relation of platform-api D.0 is there, and those that this server
// serves already lead to what they stand for.
func TestLinks(t *testing.T) {
	t.Parallel()
	s := stocked(start(t)).withFunction()
	said := s.do("POST", path("/channels/%d/messages", s.square), object{"type": "TEXT", "body": "x", "user": object{"id": s.alice}}).ok().id()
	group := []string{"application", "events", "members", "memberships", "messages", "moderators", "participants", "self"}
	for target, relations := range map[string][]string{
		path("/users/%d", s.alice):               {"application", "channels", "displayPicture", "notifications", "self"},
		path("/channels/%d", s.square):           group,
		path("/channels/%d", s.pair):             {"application", "events", "messages", "participants", "self"},
		path("/messages/%d", said):               {"application", "channel", "self", "user"},
		path("/messages/%d", s.message):          {"application", "channel", "self"},
		path("/functions/%d", s.function):        {"application", "currentVersion", "invocations", "self", "versions"},
		path("/function-versions/%d", s.version): {"application", "self"},
		"/runtimes/nodejs":                       {"application", "dependencies", "functions", "initializationScript", "self"},
	} {
		d := s.do("GET", target, nil).ok()
		found := []string{}
		for relation := range d.at("_links").value.(object) {
			found = append(found, relation)
		}
		slices.Sort(found)
		if !cmp.Equal(found, relations) {
			t.Errorf("%s links to %v, want %v", target, found, relations)
		}
		if same := s.follow(d.link("self")).ok(); same.id() != d.id() {
			t.Errorf("%s: self is %d", target, same.id())
		}
		if app := s.follow(d.link("application")).ok(); app.id() != int64(s.app.ID) || app.text("key") != s.app.Key {
			t.Errorf("%s: the application is %v", target, app.value)
		}
		for _, relation := range []string{"channels", "members", "memberships", "messages", "moderators", "participants", "user", "channel", "functions", "versions", "invocations", "currentVersion"} {
			if href := d.link(relation); href != "" {
				s.follow(href).ok()
			}
		}
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	c := start(t, func(d *rest.Deps) { d.PublicURL = "https://chat.example.com/base" })
	d := c.do("GET", "/application", nil).ok()
	if want := fmt.Sprintf("https://chat.example.com/base/v1/applications/%d", c.app.ID); d.link("self") != want {
		t.Errorf("the application is at %s, not %s", d.link("self"), want)
	}
	if picture := c.do("POST", "/users", object{"name": "a", "displayName": "A B"}).ok().text("displayPictureUrl"); picture != "https://chat.example.com/base/v1/picture/A+B" {
		t.Errorf("the picture is at %s", picture)
	}
}

// Whole documents, to be read in review.
func TestGolden(t *testing.T) {
	t.Parallel()
	s := stocked(start(t, func(d *rest.Deps) { d.PublicURL = "https://chat.example.com" }))
	s.do("POST", path("/channels/%d/messages", s.square), object{
		"type": "TEXT", "body": "hello", "user": object{"id": s.alice}, "groupTag": "greetings", "properties": object{"someKey": object{"other_key": 1}},
	}).ok()
	s.do("POST", path("/channels/%d/invites", s.square), object{"user": object{"id": s.bob}}).ok()
	s.sendMessage(s.pair, "unread")
	open := s.startSession("alice")
	if err := s.accounts.Attend(t.Context(), []chat.Attendance{{
		Session: open.session.ID, Application: open.session.Application, User: open.session.User, Channels: []chat.ChannelID{chat.ChannelID(s.square)},
	}}); err != nil {
		t.Fatal(err)
	}
	open.end()
	s = s.withFunction()
	for name, target := range map[string]string{
		"invites":           path("/channels/%d/invites", s.square),
		"memberships":       path("/channels/%d/memberships?size=1", s.square),
		"summaries":         "/application/message-read-receipt-summaries?size=1",
		"user_sessions":     "/user-sessions?size=1&state=ENDED",
		"chat_sessions":     "/chat-sessions",
		"function_versions": path("/functions/%d/versions", s.function),
		"functions":         "/runtimes/nodejs/functions",
		"application":       "/application",
		"settings":          "/application/settings",
		"user":              path("/users/%d", s.alice),
		"users":             "/users?size=1&sort=name,desc",
		"channels":          "/channels?members=alice",
		"direct_channel":    path("/channels/%d", s.pair),
		"channel_members":   path("/channels/%d/members", s.square),
		"messages":          path("/channels/%d/messages?size=1", s.square),
	} {
		for style, media := range map[string]string{"": "application/hal+json", "_snake": kitty} {
			a := s.do("GET", target, nil, "Accept", media)
			a.ok()
			var got bytes.Buffer
			if err := json.Indent(&got, bytes.ReplaceAll(a.body, []byte(s.app.Key), []byte("KEY")), "", "  "); err != nil {
				t.Fatal(err)
			}
			golden(t, name+style+".json", got.String()+"\n")
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// Whoever reads in parallel is answered.
func TestParallelReads(t *testing.T) {
	t.Parallel()
	s := stocked(start(t))
	done := make(chan int)
	for range 200 {
		go func() { done <- s.do("GET", path("/channels/%d/messages", s.square), nil).status }()
	}
	for range 200 {
		if status := <-done; status != 200 {
			t.Errorf("status %d", status)
		}
	}
}
