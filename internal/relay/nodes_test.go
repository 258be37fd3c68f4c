package relay_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/timeline"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/relay"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// node is what relays the events of a database that it shares.
type node struct {
	accounts *accounts.Accounts
	channels *channels.Channels
	messages *messages.Messages
	relay    *relay.Relay

	mu   sync.Mutex
	got  []chat.Event
	more chan struct{}
	// others are told when the log has grown.
	others []*node
}

func newNode(t *testing.T, dsn string, id int64) *node {
	t.Helper()
	db := storetest.Open(t, store.Options{DSN: dsn})
	ids := ident.New(id, time.Now, 0)
	n := &node{
		accounts: &accounts.Accounts{DB: db, IDs: ids, Node: chat.NodeID(id), Now: time.Now},
		channels: &channels.Channels{DB: db, IDs: ids}, messages: &messages.Messages{DB: db, IDs: ids},
		more: make(chan struct{}, 1),
	}
	n.relay = relay.New(context.WithoutCancel(t.Context()), relay.Options{
		Log: &timeline.Timeline{DB: db}, Sink: n.hear, Every: time.Hour, Logger: slog.New(slog.DiscardHandler),
		Announce: func(p chat.Position) {
			for _, o := range n.others {
				o.relay.Grown(p)
			}
		},
	}, 0)
	db.OnCommit(n.relay.Committed)
	return n
}

func (n *node) hear(events []chat.Event) {
	n.mu.Lock()
	n.got = append(n.got, events...)
	n.mu.Unlock()
	select {
	case n.more <- struct{}{}:
	default:
	}
}

// await gives what the node heard, once it has heard so many messages.
func (n *node) await(t *testing.T, count int) []chat.Event {
	t.Helper()
	limit := time.After(patience)
	for {
		n.mu.Lock()
		got := slices.Clone(n.got)
		n.mu.Unlock()
		heard := 0
		for _, e := range got {
			if e.Kind == chat.MessageCreated {
				heard++
			}
		}
		if heard >= count {
			return got
		}
		select {
		case <-n.more:
		case <-limit:
			t.Fatalf("heard %d of %d messages", heard, count)
		}
	}
}

// TestTwoNodesOfOneDatabase: both write, and both hear everything, in the same
// order, with what it is about.
func TestTwoNodesOfOneDatabase(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dsn := storetest.Postgres(t)
	a, b := newNode(t, dsn, 1), newNode(t, dsn, 2)
	a.others, b.others = []*node{b}, []*node{a}
	for _, n := range []*node{a, b} {
		n.relay.Start()
		t.Cleanup(n.relay.Stop)
	}
	app, err := a.accounts.CreateApplication(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	owner := chat.Actor{Application: app.Application.ID}
	ann, err := a.accounts.CreateUser(ctx, owner, accounts.CreateUserInput{Name: "ann", DisplayName: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	actor := chat.Actor{Application: owner.Application, User: ann.ID}
	const writers, each = 4, 25
	var all sync.WaitGroup
	for w := range writers {
		n := []*node{a, b}[w%2]
		room, err := n.channels.Create(ctx, actor, channels.CreateInput{Type: chat.Public, Name: fmt.Sprint("room", w)})
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for i := range each {
				if _, err := n.messages.Send(ctx, actor, messages.SendInput{Channel: room.Channel.ID, Body: fmt.Sprint(w, " ", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	heardA, heardB := a.await(t, writers*each), b.await(t, writers*each)
	if diff := cmp.Diff(texts(heardA), texts(heardB)); diff != "" {
		t.Errorf("the nodes heard differently:\n%s", diff)
	}
	for i, e := range heardA {
		if e.Position != chat.Position(i+1) {
			t.Fatalf("event %d has position %d", i, e.Position)
		}
		if e.Kind == chat.MessageCreated && e.Message == nil {
			t.Errorf("the message of event %d is missing", e.Position)
		}
	}
}
