package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

// writer is a bare client that writes as long as it may, over every crash of
// the server, and remembers what was acknowledged.
type writer struct {
	name    string
	guest   *harness.Guest
	action  string
	mu      sync.Mutex
	acked   map[string]int64
	ackedCh chan<- string
}

// write sends numbered messages until stopped. Each is settled before the next
// one: a message that a crash left open is settled after the resume.
func (w *writer) write(stop <-chan struct{}) error {
	for number := 0; ; number++ {
		select {
		case <-stop:
			return nil
		default:
		}
		body := fmt.Sprintf("%s %d", w.name, number)
		encoded, err := json.Marshal(map[string]string{"type": "TEXT", "body": body})
		if err != nil {
			return err
		}
		// An error of the write is a broken connection. The action is
		// remembered and repeated with the next one.
		settle, _ := w.guest.BeginAct(w.action, string(encoded))
		resource, err := w.settled(settle)
		if err != nil {
			return err
		}
		var message harness.Message
		if err := json.Unmarshal(resource, &message); err != nil {
			return err
		}
		if message.Body != body {
			return fmt.Errorf("%q was answered with %q", body, message.Body)
		}
		w.mu.Lock()
		w.acked[body] = message.ID
		w.mu.Unlock()
		w.ackedCh <- body
		<-time.After(pulse / 5)
	}
}

// settled waits for an action and reconnects as often as that takes.
func (w *writer) settled(settle func(time.Duration) (json.RawMessage, error)) (json.RawMessage, error) {
	type outcome struct {
		resource json.RawMessage
		err      error
	}
	answered := make(chan outcome, 1)
	go func() {
		resource, err := settle(harness.ReconnectPatience)
		answered <- outcome{resource, err}
	}()
	for {
		select {
		case got := <-answered:
			return got.resource, got.err
		case <-w.guest.Gone():
			if w.guest.Connect() != nil {
				// The server is down; it is tried again until patience ends.
				select {
				case got := <-answered:
					return got.resource, got.err
				case <-time.After(20 * time.Millisecond):
				}
			}
		}
	}
}

// The power fails fifty times while users write. Whatever was acknowledged is
// there, nothing is there twice, no number of the channel's sequence is missing
// or doubled, and sessions go on where they were.
func TestFiftyCrashes(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the server fifty times")
	}
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		const crashes, writers = 50, 4
		p := newPlace(t, engine)
		lobby := p.rest.CreateChannel("PUBLIC", "lobby")
		readers := map[string]*harness.Log{}
		for _, sdk := range clientSDKs {
			reader := p.start(sdk, "reader "+string(sdk))
			readers[reader.Username()] = reader.StartChatSession(reader.Enter(lobby.ID), harness.OnMessage).Messages()
		}

		acked := make(chan string, 1024)
		stop := make(chan struct{})
		var writing []*writer
		var working sync.WaitGroup
		errs := make([]error, writers)
		for i := range writers {
			w := &writer{
				name: fmt.Sprintf("writer%d", i), acked: map[string]int64{}, ackedCh: acked,
			}
			w.guest = harness.StartGuest(t, p.Server, p.APIKey, w.name)
			w.action = enter(t, w.guest, lobby.ID)
			writing = append(writing, w)
		}
		for i, w := range writing {
			working.Go(func() { errs[i] = w.write(stop) })
		}

		for crash := range crashes {
			awaitAcks(t, crash, acked, 10+rand.IntN(20))
			p.Kill()
			forget(acked)
			p.Start()
		}
		awaitAcks(t, crashes, acked, 10)
		close(stop)
		finished := make(chan struct{})
		go func() {
			working.Wait()
			close(finished)
		}()
		drain(acked, finished)
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}

		history := p.rest.History(lobby.ID)
		checkHistory(t, history, writing)
		checkSequence(t, p, lobby.ID, len(history))
		order := restBodies(history)
		for who, heard := range readers {
			atLeastOnce(t, who, heard, order)
		}
	})
}

// enter makes the guest a member and returns where he sends his messages.
func enter(t *testing.T, guest *harness.Guest, id int64) string {
	t.Helper()
	channel, err := guest.Channel(id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guest.Act(channel.Actions["join"], map[string]any{"channel": map[string]any{"id": id}}); err != nil {
		t.Fatal(err)
	}
	return channel.Actions["message"]
}

// awaitAcks waits until the load has come back after a crash.
func awaitAcks(t *testing.T, crash int, acked <-chan string, count int) {
	t.Helper()
	timeout := time.After(harness.ReconnectPatience)
	for i := range count {
		select {
		case <-acked:
		case <-timeout:
			t.Fatalf("after crash %d only %d of %d messages were acknowledged", crash, i, count)
		}
	}
}

// forget drops acknowledgements from before a crash, so that they do not pass
// for work done after it.
func forget(acked <-chan string) {
	for {
		select {
		case <-acked:
		default:
			return
		}
	}
}

// drain lets writers finish what they have begun.
func drain(acked <-chan string, finished <-chan struct{}) {
	for {
		select {
		case <-acked:
		case <-finished:
			return
		}
	}
}

// checkHistory compares the history with what the writers were promised. Each
// message was settled in the end, so there is nothing in it that was not.
func checkHistory(t *testing.T, history []harness.Message, writing []*writer) {
	t.Helper()
	total := 0
	kept := map[string]int64{}
	for _, message := range history {
		if _, twice := kept[message.Body]; twice {
			t.Errorf("%q is there twice", message.Body)
		}
		kept[message.Body] = message.ID
	}
	for _, w := range writing {
		total += len(w.acked)
		for body, id := range w.acked {
			if kept[body] != id {
				t.Errorf("%q was acknowledged as %d, the history has %d", body, id, kept[body])
			}
		}
	}
	if len(history) != total {
		t.Errorf("the history has %d messages, %d were acknowledged", len(history), total)
	}
	inSendingOrder(t, restBodies(history))
}

// checkSequence looks into the database: numbers follow each other without a
// gap or a double.
func checkSequence(t *testing.T, p place, channel int64, messages int) {
	t.Helper()
	rows := p.OpenDatabase().Rows(harness.CurrentSchema().MessageSequences, channel)
	if len(rows) != messages {
		t.Errorf("the table has %d messages, the history %d", len(rows), messages)
	}
	var numbers []int64
	for _, row := range rows {
		number, ok := row["seq"].(int64)
		if !ok {
			t.Fatalf("no sequence in %v", row)
		}
		numbers = append(numbers, number)
	}
	if !slices.IsSorted(numbers) {
		t.Error("the sequence is not in order")
	}
	for i := 1; i < len(numbers); i++ {
		if numbers[i] != numbers[i-1]+1 {
			t.Errorf("after %d comes %d", numbers[i-1], numbers[i])
		}
	}
}
