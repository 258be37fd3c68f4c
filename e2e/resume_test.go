package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

// pulse is the pause between two messages of a steady flow. It keeps the load
// of the long stories even; nothing depends on it.
const pulse = 25 * time.Millisecond

// flow sends numbered messages into a channel until it is stopped.
type flow struct {
	rest    *harness.REST
	channel int64
	stop    chan struct{}
	sent    chan int
	err     error
}

func startFlow(rest *harness.REST, channel int64) *flow {
	f := &flow{rest: rest, channel: channel, stop: make(chan struct{}), sent: make(chan int, 1)}
	go func() {
		beat := time.NewTicker(pulse)
		defer beat.Stop()
		number := 0
		defer func() { f.sent <- number }()
		for {
			select {
			case <-f.stop:
				return
			case <-beat.C:
			}
			if _, f.err = rest.TrySendMessage(channel, "", strconv.Itoa(number), fmt.Sprintf("flow %d", number)); f.err != nil {
				return
			}
			number++
		}
	}()
	return f
}

// end stops the flow and returns how many messages it sent.
func (f *flow) end(t *testing.T) int {
	t.Helper()
	close(f.stop)
	sent := <-f.sent
	if f.err != nil {
		t.Fatal(f.err)
	}
	return sent
}

// follower is an SDK client behind a wire of its own that listens to a channel.
type follower struct {
	client *harness.Client
	wire   *harness.Wire
	heard  *harness.Log
}

func (p place) follow(t *testing.T, sdk harness.SDK, username string, channel int64) *follower {
	t.Helper()
	wire := harness.NewWire(t, p.Server)
	client := p.node.StartClient(sdk, wire.Host(), p.APIKey, username)
	session := client.StartChatSession(client.Enter(channel), harness.OnMessage)
	return &follower{client: client, wire: wire, heard: session.Messages()}
}

// cutRepeatedly cuts the follower's connection again and again, each time
// after a few more messages have come through.
func (f *follower) cutRepeatedly(times int, cut func(*harness.Wire) error) error {
	for i := range times {
		if err := f.wire.AwaitConnections(i + 1); err != nil {
			return fmt.Errorf("after %d cuts: %w", i, err)
		}
		more := f.heard.Len() + 1 + rand.IntN(6)
		if err := f.heard.WaitLen(harness.ReconnectPatience, more); err != nil {
			return fmt.Errorf("after %d cuts: %w", i, err)
		}
		if err := cut(f.wire); err != nil {
			return fmt.Errorf("cut %d of %s: %w", i, f.client.Username(), err)
		}
	}
	return nil
}

// cutAll cuts all followers at the same time, each at its own moments.
func cutAll(followers []*follower, times int, cut func(*harness.Wire) error) error {
	errs := make([]error, len(followers))
	var working sync.WaitGroup
	for i, follower := range followers {
		working.Go(func() { errs[i] = follower.cutRepeatedly(times, cut) })
	}
	working.Wait()
	return errors.Join(errs...)
}

// Twenty clients lose their connection ten times each while messages flow. In
// the end each of them has handled every message once, in order.
func TestTwoHundredCuts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute, because SDKs wait five seconds before they reconnect")
	}
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		const clients, cuts = 20, 10
		p := newPlace(t, engine)
		lobby := p.rest.CreateChannel("PUBLIC", "lobby")
		var followers []*follower
		for i := range clients {
			followers = append(followers, p.follow(t, clientSDKs[i%2], fmt.Sprintf("user %d", i), lobby.ID))
		}

		messages := startFlow(p.rest, lobby.ID)
		if err := cutAll(followers, cuts, (*harness.Wire).Cut); err != nil {
			t.Error(err)
		}
		sent := messages.end(t)
		for _, follower := range followers {
			exactly(t, follower, sent)
		}
	})
}

// exactly checks that the follower handled the messages 0 to sent−1 in order
// and each once.
func exactly(t *testing.T, f *follower, sent int) {
	t.Helper()
	if err := f.heard.WaitLen(harness.ReconnectPatience, sent); err != nil {
		t.Error(err)
	}
	for i, body := range harness.BodiesOf(t, f.heard.Calls()) {
		if body != strconv.Itoa(i) {
			t.Errorf("%s handled message %s when %d was due", f.client.Username(), body, i)
			return
		}
	}
	if heard := f.heard.Len(); heard != sent {
		t.Errorf("%s handled %d messages of %d", f.client.Username(), heard, sent)
	}
}

// A connection may also break between a handler's run and its acknowledgement.
// The server cannot know about the handler then and says the message again; it
// must neither lose one nor mix up their order.
func TestBrutalCuts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute, because SDKs wait five seconds before they reconnect")
	}
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		const clients, cuts = 6, 4
		p := newPlace(t, engine)
		lobby := p.rest.CreateChannel("PUBLIC", "lobby")
		var followers []*follower
		for i := range clients {
			followers = append(followers, p.follow(t, clientSDKs[i%2], fmt.Sprintf("user %d", i), lobby.ID))
		}

		messages := startFlow(p.rest, lobby.ID)
		if err := cutAll(followers, cuts, (*harness.Wire).Break); err != nil {
			t.Error(err)
		}
		sent := messages.end(t)
		for _, follower := range followers {
			atLeastOnce(t, follower.client.Username(), follower.heard, numbered(sent))
		}
	})
}

func numbered(count int) []string {
	var bodies []string
	for i := range count {
		bodies = append(bodies, strconv.Itoa(i))
	}
	return bodies
}

// atLeastOnce checks that everything was handled, and that what was handled
// again had been handled shortly before: the first occurrences are in order.
func atLeastOnce(t *testing.T, who string, heard *harness.Log, want []string) {
	t.Helper()
	seen := func(calls []harness.Call) []string {
		var first []string
		known := map[string]bool{}
		for _, body := range harness.BodiesOf(t, calls) {
			if !known[body] {
				known[body] = true
				first = append(first, body)
			}
		}
		return first
	}
	enough := func(calls []harness.Call) bool { return len(calls) >= len(want) && len(seen(calls)) >= len(want) }
	if err := heard.Wait(harness.ReconnectPatience, fmt.Sprintf("%d different messages", len(want)), enough); err != nil {
		t.Error(err)
	}
	got := seen(heard.Calls())
	if !slices.Equal(got, want) {
		t.Errorf("%s handled %d different messages, want %d, or in another order; %s", who, len(got), len(want), firstDifference(got, want))
	}
}

func firstDifference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("number %d is %q, want %q", i, got[i], want[i])
		}
	}
	return "the shorter one is the beginning of the longer one"
}

// A message is under way when the connection breaks: the server has it, the
// client does not know. The promise settles after the resume, with that very
// message.
func TestMessageUnderWayWhenCut(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		lobby := p.rest.CreateChannel("PUBLIC", "lobby")
		alice := p.follow(t, sdk, "alice", lobby.ID)
		hers := alice.client.RetrieveChannel(lobby.ID)
		alice.client.SendMessage(hers, "before")
		alice.heard.Await(t, 1)

		cut := alice.wire.CutOnSend()
		underWay := alice.client.BeginMessage(hers, "under way")
		<-cut
		if underWay.Settled() {
			t.Fatal("the message settled before the cut")
		}
		settled := alice.client.AwaitMessage(underWay)
		alice.client.SendMessage(hers, "after")

		want := []string{"before", "under way", "after"}
		history := p.rest.History(lobby.ID)
		if got := restBodies(history); !slices.Equal(got, want) {
			t.Fatalf("the history is %q", got)
		}
		if settled.ID != history[1].ID {
			t.Errorf("the promise settled with message %d, the history has %d", settled.ID, history[1].ID)
		}
		if heard := harness.BodiesOf(t, alice.heard.Await(t, len(want))); !slices.Equal(heard, want) {
			t.Errorf("alice handled %q", heard)
		}
	})
}

func restBodies(messages []harness.Message) []string {
	var bodies []string
	for _, message := range messages {
		bodies = append(bodies, message.Body)
	}
	return bodies
}

// What a user writes while he is offline is sent once he is back, in order and
// once.
func TestMessagesWrittenOffline(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		lobby := p.rest.CreateChannel("PUBLIC", "lobby")
		alice := p.follow(t, sdk, "alice", lobby.ID)
		hers := alice.client.RetrieveChannel(lobby.ID)
		offline := alice.client.Observe("onCurrentUserOffline")
		times := offline.Len()
		if err := alice.wire.Cut(); err != nil {
			t.Fatal(err)
		}
		offline.Await(t, times+1)

		p.rest.SendMessage(lobby.ID, "", "from elsewhere")
		var sent []*harness.Promise
		for i := range 5 {
			sent = append(sent, alice.client.BeginMessage(hers, fmt.Sprintf("offline %d", i)))
		}
		for _, promise := range sent {
			alice.client.AwaitMessage(promise)
		}
		want := []string{"from elsewhere", "offline 0", "offline 1", "offline 2", "offline 3", "offline 4"}
		if got := restBodies(p.rest.History(lobby.ID)); !slices.Equal(got, want) {
			t.Errorf("the history is %q", got)
		}
		if heard := harness.BodiesOf(t, alice.heard.Await(t, len(want))); !slices.Equal(heard, want) {
			t.Errorf("alice handled %q", heard)
		}
	})
}

// The server is restarted under its clients, as for an update. Nobody has to
// start again, what was missed comes once and in order, and what was written
// meanwhile is sent.
func TestRestartUnderClients(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		lobby := p.rest.CreateChannel("PUBLIC", "lobby")
		alice := p.follow(t, harness.Classic, "alice", lobby.ID)
		bob := p.follow(t, harness.Core, "bob", lobby.ID)
		hers, his := alice.client.RetrieveChannel(lobby.ID), bob.client.RetrieveChannel(lobby.ID)
		alice.client.SendMessage(hers, "0")
		bob.heard.Await(t, 1)
		alice.heard.Await(t, 1)
		offline := map[*harness.Client]*harness.Log{
			alice.client: alice.client.Observe("onCurrentUserOffline"), bob.client: bob.client.Observe("onCurrentUserOffline"),
		}

		for range 2 {
			// From here on the clients hear nothing any more, but the server
			// believes that they do.
			for _, follower := range []*follower{alice, bob} {
				if err := follower.wire.Freeze(); err != nil {
					t.Fatal(err)
				}
			}
			next := len(p.rest.History(lobby.ID))
			for i := range 3 {
				p.rest.SendMessage(lobby.ID, "", strconv.Itoa(next+i))
			}
			drops := map[*harness.Client]int{}
			for client, log := range offline {
				drops[client] = log.Len()
			}
			p.Stop()
			for client, log := range offline {
				log.Await(t, drops[client]+1)
			}
			written := alice.client.BeginMessage(hers, strconv.Itoa(next+3))
			p.Start()
			alice.client.AwaitMessage(written)
			exactly(t, alice, next+4)
			bob.client.SendMessage(his, strconv.Itoa(next+4))
			exactly(t, bob, next+5)
			exactly(t, alice, next+5)
		}
	})
}
