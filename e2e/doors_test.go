package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// door is one way for alice's message into a channel.
type door struct {
	name string
	send func(t *testing.T)
}

// Sending a message is one deed with many doors. Whichever it came through,
// the same rows are left in the database and the same events are heard.
func TestEveryDoorIsTheSameDeed(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		const body, groupTag = "hello <@bob>", "group"
		properties := map[string]any{"mood": "curious"}

		// Everybody is there before anything is compared. Bob has a chat
		// session open, carol has none.
		classic, core := p.start(harness.Classic, "alice"), p.start(harness.Core, "alice")
		guest := harness.StartGuest(t, p.Server, p.APIKey, "alice")
		bob := harness.StartGuest(t, p.Server, p.APIKey, "bob")
		carol := harness.StartGuest(t, p.Server, p.APIKey, "carol")
		lobby := p.rest.CreateChannel("PUBLIC", "lobby", "alice", "bob", "carol")
		seen, err := bob.Channel(lobby.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bob.Listen(seen.Topics["self"]); err != nil {
			t.Fatal(err)
		}
		messages, err := bob.Listen(seen.Topics["messages"])
		if err != nil {
			t.Fatal(err)
		}

		viaSDK := func(client *harness.Client) func(*testing.T) {
			channel := client.RetrieveChannel(lobby.ID)
			return func(*testing.T) {
				client.Must("sendMessage", map[string]any{
					"channel": channel.Ref, "body": body, "groupTag": groupTag, "properties": properties,
				})
			}
		}
		viaPlatform := func(sdk harness.PlatformSDK) func(*testing.T) {
			backend := p.node.NewPlatform(sdk, p.Server, p.Application)
			return func(*testing.T) {
				backend.Must(nil, "Channels", "sendChannelMessage", lobby.ID, backend.Members(map[string]any{
					"type": "TEXT", "body": body, "groupTag": groupTag, "properties": properties,
					"user": map[string]any{"username": "alice"},
				}))
			}
		}
		requests := 0
		doors := []door{
			{"REST", func(*testing.T) {
				// A key of its own: the same request under the same key would
				// be answered with the first message.
				requests++
				p.rest.Must(nil, http.MethodPost, fmt.Sprintf("/channels/%d/messages", lobby.ID), map[string]any{
					"type": "TEXT", "body": body, "groupTag": groupTag, "properties": properties,
					"user": map[string]any{"username": "alice"},
				}, "Idempotency-Key", fmt.Sprintf("request %d", requests))
			}},
			{"bare client protocol", func(t *testing.T) {
				channel, err := guest.Channel(lobby.ID)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := guest.Act(channel.Actions["message"], map[string]any{
					"type": "TEXT", "body": body, "groupTag": groupTag, "properties": properties,
				}); err != nil {
					t.Fatal(err)
				}
			}},
			{"classic SDK", viaSDK(classic)},
			{"core SDK", viaSDK(core)},
			{"platform SDK N", viaPlatform(harness.PlatformNew)},
			{"platform SDK P", viaPlatform(harness.PlatformOld)},
		}

		schema := harness.CurrentSchema().Knowing(map[string]string{
			p.ID.String():               "application",
			fmt.Sprint(lobby.ID):        "lobby",
			fmt.Sprint(guest.Self().ID): "alice",
			fmt.Sprint(bob.Self().ID):   "bob",
			fmt.Sprint(carol.Self().ID): "carol",
		})
		database := p.OpenDatabase()

		// The first message of a channel may leave more than later ones do.
		doors[0].send(t)
		messages.Await(t, 1)

		before := database.AwaitRest(schema)
		var wantRows, wantEvents string
		for i, door := range doors {
			heard := messages.Len()
			door.send(t)
			messages.Await(t, heard+1)
			after := database.AwaitRest(schema)

			rows := after.Minus(before).String()
			events := eventsText(schema, messages.Calls()[heard:])
			if i == 0 {
				wantRows, wantEvents = rows, events
				if rows == "" {
					t.Fatal("a message leaves no rows")
				}
			}
			if rows != wantRows {
				t.Errorf("through the %s other rows are left than through %s:\n%s\nwant:\n%s", door.name, doors[0].name, rows, wantRows)
			}
			if events != wantEvents {
				t.Errorf("through the %s other events are heard than through %s:\n%s\nwant:\n%s", door.name, doors[0].name, events, wantEvents)
			}
			before = after
		}
	})
}

func eventsText(schema harness.Schema, calls []harness.Call) string {
	var text string
	for _, call := range calls {
		text += schema.Normalize(json.RawMessage(call[0])) + "\n"
	}
	return text
}

// The same request under the same key is the same deed: nothing happens twice.
func TestRepeatedRequestIsOneDeed(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		server := harness.StartServer(t, engine)
		application := server.CreateApplication("story")
		rest := server.NewREST(application)
		rest.CreateUser("alice")
		channel := rest.CreateChannel("PUBLIC", "lobby", "alice")
		first := rest.SendMessage(channel.ID, "alice", "once", "Idempotency-Key", "key 1")
		again := rest.SendMessage(channel.ID, "alice", "once", "Idempotency-Key", "key 1")
		second := rest.SendMessage(channel.ID, "alice", "once", "Idempotency-Key", "key 2")
		if first.ID != again.ID || first.ID == second.ID {
			t.Errorf("the same key gave %d and %d, another one %d", first.ID, again.ID, second.ID)
		}
		if history := rest.History(channel.ID); len(history) != 2 {
			t.Errorf("the channel holds %d messages", len(history))
		}
	})
}
