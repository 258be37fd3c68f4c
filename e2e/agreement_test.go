package e2e

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/e2e/harness"
)

// Two users do everything to the same messages at once, each with another SDK,
// while a third comes and goes. What each of them, and bystanders whose
// connections break meanwhile, put together from events alone is in the end
// what the lists say, and what the Platform API says.
func TestEverybodyAgreesInTheEnd(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		p := newPlace(t, engine)
		room := p.rest.CreateChannel("PUBLIC", "room")
		watch := func(c *harness.Client) *view {
			return &view{client: c, log: c.Follow(c.Enter(room.ID),
				harness.OnMessage, "onMessageUpdated", "onMessageDeleted", "onMessageReactionAdded", "onMessageReactionRemoved",
				"onMessageRead", "onMemberJoined", "onMemberLeft")}
		}
		var actors, views []*view
		for i, name := range []string{"alice", "bob"} {
			actors = append(actors, watch(p.start(clientSDKs[i], name)))
		}
		var cut []*follower
		for i, name := range []string{"carol", "dave"} {
			wire := harness.NewWire(t, p.Server)
			v := watch(p.node.StartClient(clientSDKs[i], wire.Host(), p.APIKey, name))
			v.cut = true
			views = append(views, v)
			cut = append(cut, &follower{client: v.client, wire: wire, heard: v.log})
		}
		views = append(views, actors...)

		done := make(chan struct{})
		var working sync.WaitGroup
		working.Go(func() {
			defer close(done)
			if err := cutAll(cut, 2, (*harness.Wire).Cut); err != nil {
				t.Error(err)
			}
		})
		deeds := &deeds{t: t, room: room.ID, random: rand.New(rand.NewPCG(seed, 0)), actors: actors, erin: p.start(harness.Core, "erin")}
		deeds.until(done)
		working.Wait()

		// All deeds are done: this is the last event of all.
		const last = "that was all"
		actors[0].client.SendMessage(actors[0].client.RetrieveChannel(room.ID), last)
		truth := p.truth(t, room.ID, actors[0].client)
		for _, v := range views {
			v.log.AwaitMatch(t, "the last message", func(call harness.Call) bool {
				var m harness.Message
				return call.Decode(1, &m) == nil && m.Body == last
			})
			// What the SDK still fetched for handlers is answered before this.
			channel := v.client.RetrieveChannel(room.ID)
			v.agrees(t, truth)
			if diff := cmp.Diff(truth.messages, listed(t, v.client, channel)); diff != "" {
				t.Errorf("what the Platform API and %s list differs:\n%s", v.client.Username(), diff)
			}
		}
		for i, reader := range actors {
			position := actors[1-i].fold(t).read[reader.client.Username()]
			unread := 0
			for id, m := range truth.messages {
				if id > position && m.Author != reader.client.Username() {
					unread++
				}
			}
			if n := reader.client.CountUnread(reader.client.RetrieveChannel(room.ID)); n != unread {
				t.Errorf("%s has %d unread messages; by what was heard and listed there are %d", reader.client.Username(), n, unread)
			}
		}
	})
}

// deeds chooses what the actors do.
type deeds struct {
	t      *testing.T
	room   int64
	random *rand.Rand
	actors []*view
	erin   *harness.Client
	said   []*said
	open   []*harness.Promise
}

// said is a message of an actor, as its author's SDK holds it.
type said struct {
	*harness.Message
	author        int
	deleted, kept bool
}

// until lets the actors do something at every pulse until the channel is
// closed, and waits for all of it.
func (d *deeds) until(done <-chan struct{}) {
	d.t.Helper()
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	var channels []*harness.Channel
	for _, v := range d.actors {
		channels = append(channels, v.client.RetrieveChannel(d.room))
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-beat.C:
		}
		for i := range d.actors {
			d.one(i, channels[i])
		}
		if d.random.IntN(20) == 0 {
			d.comeAndGo()
		}
	}
	for _, promise := range d.open {
		// Two may have changed the same message: the later one finds it gone.
		if failure := harness.FailureOf(promise); failure != nil && failure.Name != "MessageNotFoundError" {
			d.t.Error(failure)
		}
	}
}

func (d *deeds) one(actor int, channel *harness.Channel) {
	d.t.Helper()
	client := d.actors[actor].client
	begin := func(method string, args object) { d.open = append(d.open, client.Begin(method, args)) }
	var own, all []*said
	for _, s := range d.said {
		if !s.deleted {
			all = append(all, s)
			if s.author == actor {
				own = append(own, s)
			}
		}
	}
	kind := d.random.IntN(12)
	if len(own) < 3 {
		kind = 0
	}
	emojis := []string{"+1", "🎉", ":heart:"}
	switch kind {
	case 0, 1, 2:
		message := client.SendMessage(channel, fmt.Sprintf("%s %d", client.Username(), len(d.said)))
		d.said = append(d.said, &said{Message: message, author: actor})
	case 3:
		begin("sendMessage", object{"message": d.pick(all).Ref, "body": fmt.Sprintf("reply of %s", client.Username())})
	case 4, 5:
		begin("editMessage", object{"message": d.pick(own).Ref, "body": fmt.Sprintf("edited %d", d.random.IntN(1000))})
	case 6:
		if gone := d.pick(own); !gone.kept {
			gone.deleted = true
			begin("deleteMessage", object{"message": gone.Ref})
		}
	case 7, 8:
		begin("reactToMessage", object{"message": d.pick(all).Ref, "emoji": emojis[d.random.IntN(len(emojis))]})
	case 9:
		begin("removeReaction", object{"message": d.pick(all).Ref, "emoji": emojis[d.random.IntN(len(emojis))]})
	case 10:
		// The SDK tells of a receipt only if it can still fetch the message.
		read := d.pick(all)
		read.kept = true
		begin("readMessage", object{"message": read.Ref})
	case 11:
		begin([]string{"muteChannel", "unmuteChannel"}[d.random.IntN(2)], object{"channel": channel.Ref})
	}
}

func (d *deeds) pick(from []*said) *said { return from[d.random.IntN(len(from))] }

func (d *deeds) comeAndGo() {
	d.t.Helper()
	channel := d.erin.RetrieveChannel(d.room)
	if channel.Actions["join"] != "" {
		d.erin.JoinChannel(channel)
	} else {
		d.erin.LeaveChannel(channel)
	}
}

// view is a client and what it has heard.
type view struct {
	client *harness.Client
	log    *harness.Log
	// cut says that its connection broke: the SDK fetches something before it
	// calls some handlers, and calls them never if that gets lost.
	cut bool
}

// outcome is what there is in the end.
type outcome struct {
	messages map[int64]shape
	deleted  map[int64]bool
	read     map[string]int64
	members  map[string]bool
}

// shape is a message without what differs by viewer.
type shape struct {
	Author, Body string
	Reply        bool
	Reactions    string
}

func shapeOf(m fullMessage) shape {
	s := shape{Body: m.Body, Reply: m.NestedLevel > 0}
	if m.User != nil {
		s.Author = m.User.Name
	}
	reactions := map[string]bool{}
	for _, r := range m.Reactions {
		for _, user := range r.Users {
			reactions[r.Emoji.Character+" "+user.Name] = true
		}
	}
	s.Reactions = joined(reactions)
	return s
}

func joined(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ", ") }

// fold puts together what was heard.
func (v *view) fold(t *testing.T) outcome {
	t.Helper()
	seen := outcome{messages: map[int64]shape{}, deleted: map[int64]bool{}, read: map[string]int64{}, members: map[string]bool{}}
	reactions := map[int64]map[string]bool{}
	for _, call := range v.log.Calls() {
		var handler string
		var m fullMessage
		if err := errors.Join(call.Decode(0, &handler), call.Decode(1, &m)); err != nil {
			t.Fatal(err)
		}
		var r reaction
		if strings.Contains(handler, "Reaction") {
			if err := call.Decode(2, &r); err != nil {
				t.Fatal(err)
			}
		}
		what := r.Emoji.Character + " " + r.User.Name
		switch handler {
		case harness.OnMessage:
			seen.messages[m.ID] = shapeOf(m)
		case "onMessageUpdated":
			edited := seen.messages[m.ID]
			edited.Body = m.Body
			seen.messages[m.ID] = edited
		case "onMessageDeleted":
			seen.deleted[m.ID] = true
		case "onMessageReactionAdded":
			note(reactions, m.ID, what)
		case "onMessageReactionRemoved":
			delete(reactions[m.ID], what)
		case "onMessageRead":
			receipt := receiptOf(t, call, 2)
			seen.read[receipt.User.Name] = max(seen.read[receipt.User.Name], m.ID)
		case "onMemberJoined":
			seen.members[harness.UserOf(call[1:]).Name] = true
		case "onMemberLeft":
			seen.members[harness.UserOf(call[1:]).Name] = false
		}
	}
	for id, m := range seen.messages {
		m.Reactions = joined(reactions[id])
		seen.messages[id] = m
	}
	return seen
}

// agrees checks what was heard against what there is.
func (v *view) agrees(t *testing.T, truth outcome) {
	t.Helper()
	seen, who := v.fold(t), v.client.Username()
	for id, want := range truth.messages {
		got, heard := seen.messages[id]
		if v.cut {
			got.Reactions, want.Reactions = "", ""
			if want.Reply {
				continue
			}
		}
		if !heard || got != want {
			t.Errorf("%s made of message %d %+v, there is %+v", who, id, got, want)
		}
		if seen.deleted[id] {
			t.Errorf("%s heard that message %d is gone, but it is there", who, id)
		}
	}
	if v.client.SDK() == harness.Classic {
		return // it cannot hear of what is gone, nor of members
	}
	for id := range seen.messages {
		if _, there := truth.messages[id]; !there && !seen.deleted[id] {
			t.Errorf("%s did not hear that message %d is gone", who, id)
		}
	}
	for name, member := range seen.members {
		if member != truth.members[name] {
			t.Errorf("%s thinks that %s is a member: %v", who, name, member)
		}
	}
}

// truth is what the Platform API says.
func (p place) truth(t *testing.T, room int64, member *harness.Client) outcome {
	t.Helper()
	truth := outcome{messages: map[int64]shape{}, members: map[string]bool{}}
	for _, user := range member.ListMembers(member.RetrieveChannel(room)).All() {
		truth.members[user.Name] = true
	}
	for _, m := range p.rest.History(room) {
		var full fullMessage
		p.rest.Must(&full, "GET", fmt.Sprintf("/messages/%d", m.ID), nil)
		truth.messages[m.ID] = shapeOf(full)
	}
	return truth
}

// listed is what the client's list says.
func listed(t *testing.T, client *harness.Client, channel *harness.Channel) map[int64]shape {
	t.Helper()
	all := map[int64]shape{}
	for _, m := range harness.List[fullMessage](client, "listMessages", object{"channel": channel.Ref}).All() {
		all[m.ID] = shapeOf(m)
	}
	return all
}
