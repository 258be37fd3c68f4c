package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// The page about conformance has every point of the checklist, and each names
// tests that exist or says why there is none.
func TestConformancePageNamesRealTests(t *testing.T) {
	t.Parallel()
	const points = 65
	page, err := os.ReadFile("../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| (\d+) \| (.+) \| (.+) \|$`)
	claim := regexp.MustCompile("`([a-z0-9/]+)`: ((?:`Test\\w+`(?:, )?)+)")
	tests := map[string]map[string]bool{}
	next := 1
	for line := range strings.Lines(string(page)) {
		found := row.FindStringSubmatch(strings.TrimSpace(line))
		if found == nil {
			continue
		}
		if number, _ := strconv.Atoi(found[1]); number != next {
			t.Fatalf("point %d where %d is due", number, next)
		}
		next++
		claims := claim.FindAllStringSubmatch(found[3], -1)
		if len(claims) == 0 && !strings.HasPrefix(found[3], "No test: ") {
			t.Errorf("point %s names no test and no reason: %s", found[1], found[3])
		}
		named := 0
		for _, c := range claims {
			if tests[c[1]] == nil {
				tests[c[1]] = testsIn(t, "../"+c[1])
			}
			for _, name := range storyName.FindAllStringSubmatch(c[2], -1) {
				named++
				if !tests[c[1]][name[1]] {
					t.Errorf("point %s: there is no %s in %s", found[1], name[1], c[1])
				}
			}
		}
		if all := len(storyName.FindAllString(found[3], -1)); all != named {
			t.Errorf("point %s: %d of its %d tests belong to no package: %s", found[1], all-named, all, found[3])
		}
	}
	if next != points+1 {
		t.Errorf("the page has %d points, the checklist %d", next-1, points)
	}
}

// Applications send whole resources back, however large an application has made
// them, and name users in any way that they know one.
func TestWholeResourcesAreSentBack(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		heavy := func(members object) object {
			members["baggage"] = strings.Repeat("x", 250<<10)
			return members
		}
		room := alice.CreateChannel("PUBLIC", object{"name": "room"})
		changed := part[harness.Channel](t, alice.Must("updateChannel", object{"channel": room.Ref.With(heavy(object{"displayName": "Room"}))}), "channel")
		if changed.DisplayName != "Room" {
			t.Errorf("changed: %+v", changed)
		}
		bob.Must("joinChannel", object{"channel": bob.RetrieveChannel(room.ID).Ref.With(heavy(object{}))})
		assign := object{"$assign": heavy(object{"displayName": "Alice A."})}
		if me := part[harness.User](t, alice.Must("updateCurrentUser", assign), "user"); me.DisplayName != "Alice A." {
			t.Errorf("alice became %+v", me)
		}

		carol, dave, erin := p.rest.CreateUser("carol"), p.rest.CreateUser("dave"), p.rest.CreateUser("erin")
		whole := alice.Must("retrieveUser", erin.ID).Ref.Part("user")
		references := map[string]any{carol.Name: object{"id": carol.ID}, dave.Name: ref(dave.Name), erin.Name: whole}
		for name, user := range references {
			direct := alice.CreateChannel("DIRECT", object{"members": []any{user}})
			if members := memberNames(direct.Members); !slices.Equal(members, sorted([]string{"alice", name})) {
				t.Errorf("a direct channel with %s has %v", name, members)
			}
			invited := part[harness.User](t, alice.Must("inviteUser", object{"channel": room.Ref, "user": user}), "user")
			if invited.Name != name {
				t.Errorf("invited %s instead of %s", invited.Name, name)
			}
			alice.Must("addChannelModerator", object{"channel": room.Ref, "user": user})
		}
		if members := memberNames(alice.ListMembers(room).All()); fmt.Sprint(members) != "[alice bob carol dave erin]" {
			t.Errorf("members are %v", members)
		}
	})
}

// A session in which nobody says anything stays up on heart-beats alone: an SDK
// that misses them gives up after 30 seconds.
func TestIdleSessionsStay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes most of a minute of waiting for heart-beats")
	}
	t.Parallel()
	p := newPlace(t, harness.SQLite)
	wires := map[harness.SDK]*harness.Wire{}
	for _, sdk := range clientSDKs {
		wires[sdk] = harness.NewWire(t, p.Server)
		p.node.StartClient(sdk, wires[sdk].Host(), p.APIKey, string(sdk))
	}
	for sdk, wire := range wires {
		if err := wire.AwaitBeats(4); err != nil {
			t.Errorf("%s: %v", sdk, err)
		}
		if attempts := wire.Attempts(); attempts != 1 {
			t.Errorf("%s connected %d times", sdk, attempts)
		}
	}
}

// The database is away for a while. Nobody is told to go away for good: clients
// get errors, keep trying, and go on where they were when it is back.
func TestDatabaseOutage(t *testing.T) {
	t.Parallel()
	for _, sdk := range clientSDKs {
		t.Run(string(harness.Postgres)+"/"+string(sdk), func(t *testing.T) {
			t.Parallel()
			node := harness.StartNode(t)
			server, outage := harness.StartServerWithOutages(t)
			application := server.CreateApplication("story")
			p := place{Server: server, Application: application, rest: server.NewREST(application), node: node}
			lobby := p.rest.CreateChannel("PUBLIC", "lobby")
			alice := p.follow(t, sdk, "alice", lobby.ID)
			hers := alice.client.RetrieveChannel(lobby.ID)
			alice.client.SendMessage(hers, "before")
			alice.heard.Await(t, 1)

			outage.Begin()
			if f := alice.client.FailureOf("sendMessage", object{"channel": hers.Ref, "body": "meanwhile"}); f.Name == "" || f.Name == "AccessDeniedError" {
				t.Errorf("a message fails with %v", f)
			}
			// She comes back while there is no database, is refused, and tries again.
			if err := alice.wire.Cut(); err != nil {
				t.Fatal(err)
			}
			if err := alice.wire.AwaitConnections(3); err != nil {
				t.Fatal(err)
			}
			outage.End()
			alice.client.AwaitMessage(alice.client.BeginMessage(hers, "after"))
			if heard := harness.BodiesOf(t, alice.heard.Await(t, 2)); !slices.Equal(heard, []string{"before", "after"}) {
				t.Errorf("alice heard %q", heard)
			}
		})
	}
}
