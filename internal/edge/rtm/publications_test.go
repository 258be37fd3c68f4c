package rtm

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
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/realtime"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPublications is the table of client-protocol 4.2: what every event says
// to whom. Links are left out; they are of package wire.
func TestPublications(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 30, 15, 123456000, time.UTC)
	ann := chat.User{ID: 11, Application: 1, Name: "ann", DisplayName: "Ann", CreatedAt: at, Presence: chat.Presence{Online: true}}
	bob := chat.User{ID: 12, Application: 1, Name: "bob", DisplayName: "Bob", Guest: true, CreatedAt: at}
	room := &chat.Channel{ID: 21, Application: 1, Type: chat.Public, Name: "room", DisplayName: "Room", Creator: &ann, CreatedAt: at, Seq: 3}
	message := &chat.Message{ID: 31, Application: 1, Channel: 21, Seq: 4, Type: chat.TextMessage, User: &ann, Body: "Hi <b> 🐈", CreatedAt: at}
	event := func(kind chat.EventKind, change func(*chat.Event)) chat.Event {
		e := chat.Event{
			Position: 5, Application: 1, Kind: kind, Channel: 21, Seq: 4, Actor: ann.ID, Session: 41, Request: "receipt-1", At: at,
			ChannelState: room,
		}
		change(&e)
		return e
	}
	target := func(u chat.User) func(*chat.Event) {
		return func(e *chat.Event) { e.Target, e.User = u.ID, &u }
	}
	alone := func(u chat.User) func(*chat.Event) {
		return func(e *chat.Event) { e.Channel, e.ChannelState, e.Target, e.User = 0, nil, u.ID, &u }
	}
	none := func(*chat.Event) {}
	about := func(e *chat.Event) { e.Message = message }
	leftOut := func(e *chat.Event) { e.Message, e.LeftOut = message, true }
	reaction := &chat.Reaction{ID: 51, Message: 31, Emoji: "🐈", User: &ann, CreatedAt: at}
	report := &chat.MessageReport{ID: 52, Application: 1, Channel: 21, Message: 31, User: &ann, Reason: "rude", CreatedAt: at}
	thread := &chat.Thread{ID: 53, Application: 1, Channel: 21, Name: "thread", CreatedAt: at}
	s := &Server{style: wire.Style{Base: "http://purr.test", Links: wire.Client}}
	for name, e := range map[string]chat.Event{
		"message.created":            event(chat.MessageCreated, func(e *chat.Event) { e.Message, e.ChannelState = message, nil }),
		"message.created, deleted":   event(chat.MessageCreated, none),
		"message.created, gone":      event(chat.MessageCreated, func(e *chat.Event) { e.Message, e.Gone = message, true }),
		"message.updated":            event(chat.MessageUpdated, about),
		"message.updated, gone":      event(chat.MessageUpdated, func(e *chat.Event) { e.Message, e.Gone = message, true }),
		"message.deleted":            event(chat.MessageDeleted, func(e *chat.Event) { e.Message, e.Gone = message, true }),
		"message.hidden":             event(chat.MessageHidden, about),
		"message.reported":           event(chat.MessageReported, func(e *chat.Event) { e.Report, e.Target = report, ann.ID }),
		"reaction.created":           event(chat.ReactionCreated, func(e *chat.Event) { e.Reaction, e.Message = reaction, message }),
		"reaction.removed":           event(chat.ReactionRemoved, func(e *chat.Event) { e.Reaction, e.Message = reaction, message }),
		"reaction.created, purged":   event(chat.ReactionCreated, none),
		"message.created, left out":  event(chat.MessageCreated, leftOut),
		"message.updated, left out":  event(chat.MessageUpdated, leftOut),
		"message.deleted, left out":  event(chat.MessageDeleted, leftOut),
		"reaction.created, left out": event(chat.ReactionCreated, func(e *chat.Event) { e.Reaction, e.Message, e.LeftOut = reaction, message, true }),
		"message.read, left out":     event(chat.MessageRead, func(e *chat.Event) { e.Message, e.Target, e.User, e.LeftOut = message, ann.ID, &ann, true }),
		"history.cleared":            event(chat.HistoryCleared, target(ann)),
		"thread.created":             event(chat.ThreadCreated, func(e *chat.Event) { e.Thread = thread }),
		"message.read":               event(chat.MessageRead, func(e *chat.Event) { e.Message, e.Target, e.User = message, ann.ID, &ann }),
		"message.unread":             event(chat.MessageUnread, func(e *chat.Event) { e.Message, e.Target, e.User = message, ann.ID, &ann }),
		"channel.created":            event(chat.ChannelCreated, target(ann)),
		"channel.updated":            event(chat.ChannelUpdated, none),
		"channel.deleted":            event(chat.ChannelDeleted, none),
		"member.joined":              event(chat.MemberJoined, target(ann)),
		"member.joined, added":       event(chat.MemberJoined, target(bob)),
		"member.left":                event(chat.MemberLeft, target(ann)),
		"member.left, removed":       event(chat.MemberLeft, target(bob)),
		"user.updated":               event(chat.UserUpdated, alone(ann)),
		"user.deleted":               event(chat.UserDeleted, alone(ann)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, s.publications(&e))
			// The same by the application: nobody waits for an answer.
			e.Actor, e.Session, e.Request = 0, 0, ""
			golden(t, name+", by the application", s.publications(&e))
		})
	}
}

// golden compares publications with what they were.
func golden(t *testing.T, name string, pubs []realtime.Publication) {
	t.Helper()
	list := make([]map[string]any, len(pubs))
	for i := range pubs {
		p := &pubs[i]
		if p.Mark != realtime.MarkOf(5, i) {
			t.Errorf("%s: publication %d is marked %d", name, i, p.Mark)
		}
		body, ended := bytes.CutSuffix(p.Render(), []byte{0})
		if !ended || bytes.ContainsAny(body, "\n\x00") {
			t.Errorf("%s: the body does not end in NUL: %q", name, body)
		}
		var made map[string]any
		if err := json.Unmarshal(body, &made); err != nil {
			t.Fatalf("%s: %v: %s", name, err, body)
		}
		withoutLinks(made)
		if made["version"] != "1" || len(made) != 3 {
			t.Errorf("%s: %s", name, body)
		}
		delete(made, "version")
		made["to"] = audience(p)
		list[i] = made
	}
	got, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "publications", strings.ReplaceAll(name, ", ", "-")+".json")
	path = strings.ReplaceAll(path, " ", "-")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}

// audience says in words to whom a publication goes.
func audience(p *realtime.Publication) string {
	name := "?"
	for text, n := range topicNames {
		if n == p.Topic.Name {
			name = text
		}
	}
	scope := map[realtime.Scope]string{realtime.OfUser: "users", realtime.OfChannel: "channels"}[p.Topic.Scope]
	words := []string{fmt.Sprintf("%s/%d.%s", scope, p.Topic.ID, name)}
	if p.Members != 0 {
		words = append(words, fmt.Sprintf("members of %d", p.Members))
	}
	if p.Everyone != 0 {
		words = append(words, fmt.Sprintf("everyone of %d", p.Everyone))
	}
	if p.Only != 0 {
		words = append(words, fmt.Sprintf("only session %d", p.Only))
	}
	if p.Except != 0 {
		words = append(words, fmt.Sprintf("not session %d", p.Except))
	}
	if p.From != 0 {
		words = append(words, fmt.Sprintf("not who blocks %d", p.From))
	}
	if p.Request != "" {
		words = append(words, "answering "+p.Request)
	}
	return strings.Join(words, ", ")
}

func withoutLinks(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if slices.Contains([]string{"_relays", "_topics", "_actions", "_streams"}, name) {
				delete(v, name)
			}
			withoutLinks(inner)
		}
	case []any:
		for _, inner := range v {
			withoutLinks(inner)
		}
	}
}
