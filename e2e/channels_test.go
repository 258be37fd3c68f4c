package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// A user creates a channel of each type; what may be done with it can be seen
// from its links.
func TestCreateChannels(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		bob := p.start(other(sdk), "bob")
		alice := p.start(sdk, "alice")
		joined := bob.Observe("onChannelJoined")

		public := alice.CreateChannel("PUBLIC", map[string]any{
			"name": "news", "displayName": "News of the day", "properties": map[string]any{"color": "red"},
		})
		if public.Type != "PUBLIC" || public.Name != "news" || public.DisplayName != "News of the day" {
			t.Errorf("created %+v", public)
		}
		if string(public.Properties["color"]) != `"red"` {
			t.Errorf("properties became %s", public.Properties)
		}
		if public.Actions["join"] != "" || public.Actions["leave"] == "" {
			t.Errorf("the creator is not seen as a member: %v", public.Actions)
		}

		private := alice.CreateChannel("PRIVATE", map[string]any{
			"name": "surprise", "members": []any{map[string]any{"username": "bob"}},
		})
		if private.Type != "PRIVATE" || private.DisplayName != "surprise" {
			t.Errorf("created %+v", private)
		}

		pair := map[string]any{"members": []any{map[string]any{"username": "bob"}}}
		direct := alice.CreateChannel("DIRECT", pair)
		if direct.Type != "DIRECT" || len(direct.Members) != 2 {
			t.Errorf("created %+v", direct)
		}
		if again := alice.CreateChannel("DIRECT", pair); again.ID != direct.ID {
			t.Errorf("a second direct channel of the same two: %d and %d", direct.ID, again.ID)
		}
		if direct.Actions["leave"] != "" || direct.Actions["invite"] != "" {
			t.Errorf("a direct channel cannot be left or widened: %v", direct.Actions)
		}

		heard := channelIDs(t, joined.Await(t, 2))
		if want := []int64{private.ID, direct.ID}; !slices.Equal(heard, want) {
			t.Errorf("bob was told of %v, want %v", heard, want)
		}
	})
}

func channelIDs(t *testing.T, calls []harness.Call) []int64 {
	t.Helper()
	var ids []int64
	for _, call := range calls {
		var channel harness.Channel
		if err := call.Decode(0, &channel); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, channel.ID)
	}
	return ids
}

// Lists can be filtered and turned page by page, without a gap or a double.
func TestListChannels(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		const count = 60
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		var all []string
		for i := range count {
			name := fmt.Sprintf("room %02d", i)
			p.rest.CreateChannel("PUBLIC", name, "alice")
			all = append(all, name)
		}
		p.rest.CreateChannel("PRIVATE", "not for bob", "alice")
		alice.CreateChannel("PUBLIC", map[string]any{"name": "mine"})

		first := alice.ListChannels(map[string]any{"name": "room"})
		if len(first.Items) == count {
			t.Errorf("%d channels on one page", len(first.Items))
		}
		if first.HasPrev || !first.HasNext {
			t.Error("the first page must have a next and no previous one")
		}
		if names := sorted(channelNames(first.All())); !slices.Equal(names, all) {
			t.Errorf("paging gave %v", names)
		}
		back := first.Next().Previous()
		if names, want := channelNames(back.Items), channelNames(first.Items); !slices.Equal(names, want) || back.HasPrev {
			t.Errorf("turning back gave %v, want %v", names, want)
		}

		joined := sorted(channelNames(alice.ListChannels(map[string]any{"joined": true}).All()))
		if want := sorted(append(slices.Clone(all), "mine", "not for bob")); !slices.Equal(joined, want) {
			t.Errorf("alice has joined %v", joined)
		}
		joinable := sorted(channelNames(bob.ListChannels(map[string]any{"joined": false}).All()))
		if want := sorted(append(slices.Clone(all), "mine")); !slices.Equal(joinable, want) {
			t.Errorf("bob may join %v", joinable)
		}
	})
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

// A channel is joined and left; the links follow, and so do the others' member
// lists.
func TestJoinAndLeave(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(other(sdk), "alice"), p.start(sdk, "bob")
		lobby := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		joinedLog, leftLog := bob.Observe("onChannelJoined"), bob.Observe("onChannelLeft")

		seen := bob.RetrieveChannel(lobby.ID)
		if seen.Actions["join"] == "" || seen.Actions["leave"] != "" {
			t.Fatalf("before joining: %v", seen.Actions)
		}
		joined := bob.JoinChannel(seen)
		if joined.Actions["join"] != "" || joined.Actions["leave"] == "" {
			t.Errorf("after joining: %v", joined.Actions)
		}
		joinedLog.Await(t, 1)
		if members := memberNames(alice.ListMembers(lobby).All()); !slices.Equal(members, []string{"alice", "bob"}) {
			t.Errorf("members are %v", members)
		}

		left := bob.LeaveChannel(joined)
		if left.Actions["leave"] != "" {
			t.Errorf("after leaving: %v", left.Actions)
		}
		leftLog.Await(t, 1)
		if members := memberNames(alice.ListMembers(lobby).All()); !slices.Equal(members, []string{"alice"}) {
			t.Errorf("members are %v", members)
		}
		// The SDK itself knows from the links that this makes no sense.
		if failure := bob.FailureOf("leaveChannel", map[string]any{"channel": left.Ref}); failure.Name != "NotAChannelMemberError" {
			t.Errorf("leaving twice fails with %v", failure)
		}
		if len(joinedLog.Calls()) != 1 || len(leftLog.Calls()) != 1 {
			t.Errorf("bob was told %d times of joining and %d times of leaving", joinedLog.Len(), leftLog.Len())
		}
	})
}

func memberNames(users []harness.User) []string {
	var names []string
	for _, user := range users {
		names = append(names, user.Name)
	}
	return sorted(names)
}
