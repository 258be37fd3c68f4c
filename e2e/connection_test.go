package e2e

import (
	"encoding/json"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// A connection shows its user as he changes, here and elsewhere, gives out its
// client, and says when it ends.
func TestAConnectionFollowsItsUser(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		connection := p.node.ConnectAPI(p.Host(), p.APIKey, "alice")
		user, ended := connection.Watch("user"), connection.OnDispose()
		called := func(name string) func(harness.Call) bool {
			return func(call harness.Call) bool { return harness.UserOf(call).DisplayName == name }
		}
		user.AwaitMatch(t, "alice as she is", called("alice"))
		connection.UpdateUser(object{"displayName": "Alice A."})
		user.AwaitMatch(t, "alice's new name", called("Alice A."))
		p.start(harness.Classic, "alice").Must("updateCurrentUser", object{"$assign": object{"displayName": "Alice B."}})
		user.AwaitMatch(t, "the name from her other device", called("Alice B."))

		client := connection.Client()
		room := client.CreateChannel("PUBLIC", object{"name": "room"})
		client.SendMessage(room, "through the connection's client")
		connection.Dispose()
		ended.Await(t, 1)
	})
}

// The SDKs tell kinds of things apart by which members they have.
func TestTypeGuards(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice := p.start(sdk, "alice")
		p.rest.CreateUser("bob")
		channels := map[string]*harness.Channel{
			"isPublicChannel":  alice.CreateChannel("PUBLIC", object{"name": "public"}),
			"isPrivateChannel": alice.CreateChannel("PRIVATE", object{"name": "private"}),
			"isDirectChannel":  alice.CreateChannel("DIRECT", object{"members": []any{ref("bob")}}),
		}
		for guard := range channels {
			for other, channel := range channels {
				if is := p.node.Ask(sdk, guard, channel.Ref); is != (guard == other) {
					t.Errorf("%s(%s) is %v", guard, channel.Type, is)
				}
			}
		}

		room := channels["isPublicChannel"]
		file := object{"url": "https://files.example/a.png", "name": "a.png", "contentType": "image/png", "size": 3}
		sent := map[string]harness.Result{
			"sentTextMessage": alice.Must("sendMessage", object{"channel": room.Ref, "body": "text"}),
			"sentFileMessage": alice.Must("sendMessage", object{"channel": room.Ref, "file": file}),
		}
		for guard := range sent {
			for other, result := range sent {
				if is := p.node.Ask(sdk, guard, result.Ref); is != (guard == other) {
					t.Errorf("%s of a %s is %v", guard, other, is)
				}
			}
		}
		p.rest.SendMessage(room.ID, "", "system")
		listed := alice.Must("listMessages", object{"channel": room.Ref})
		messages := part[struct{ Items []json.RawMessage }](t, listed, "paginator").Items
		if len(messages) != 3 {
			t.Fatalf("%d messages", len(messages))
		}
		// The newest comes first: a system's text, a file, a text.
		for guard, want := range map[string][3]bool{
			"isTextMessage":   {true, false, true},
			"isFileMessage":   {false, true, false},
			"isUserMessage":   {false, true, true},
			"isSystemMessage": {true, false, false},
		} {
			for i, wanted := range want {
				item := listed.Ref.Part("paginator").Part("items").Part(string(rune('0' + i)))
				if is := p.node.Ask(sdk, guard, item); is != wanted {
					t.Errorf("%s of message %d is %v: %s", guard, i, is, messages[i])
				}
			}
		}
		if sdk == harness.Classic {
			failed := alice.Begin("sendMessage", object{"channel": room.Ref, "body": ""})
			result, err := failed.Wait(harness.Patience)
			if err != nil {
				t.Fatal(err)
			}
			for guard, want := range map[string]bool{"succeeded": false, "failed": true, "cancelled": false} {
				if is := p.node.Ask(sdk, guard, result.Ref); is != want {
					t.Errorf("%s of a failed result is %v", guard, is)
				}
			}
		}
	})
}
