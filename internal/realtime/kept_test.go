package realtime

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/purrchat/purr/internal/chat"
)

// TestKeptTextIsReadBack gives each listener of a session a state of its own.
func TestKeptTextIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		position := chat.Position(rapid.IntRange(1, 100).Draw(t, "position"))
		s := &Session{hub: New(Options{}, position), acknowledges: true, gap: rapid.Bool().Draw(t, "gap")}
		want := map[Topic]Mark{}
		for i := range rapid.IntRange(0, 6).Draw(t, "listeners") {
			sub := &Subscription{
				Session: s, Slot: i, live: true, Acknowledging: true, Topic: ChannelTopic(chat.ChannelID(1+i), Messages),
				acknowledged: MarkOf(chat.Position(rapid.IntRange(0, 100).Draw(t, "acknowledged")), 3),
			}
			s.slots = append(s.slots, sub)
			owed := rapid.Bool().Draw(t, "owed")
			if owed {
				s.queue.push(Item{Subscription: sub, Frame: &Frame{Mark: sub.acknowledged + 1}})
			}
			if owed || s.gap || sub.acknowledged > settledMark(position) {
				want[sub.Topic] = sub.acknowledged
			}
		}
		settled, topics := parseKept(s.KeptText(), 0)
		if settled != settledMark(position) || !maps.Equal(topics, want) {
			t.Fatalf("read back %d %v, want %d %v", settled, topics, settledMark(position), want)
		}
	})
}

func TestNonsenseIsTakenForNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", `{"settled":"x"}`, "[]"} {
		if settled, topics := parseKept(text, 77); settled != 77 || len(topics) > 0 {
			t.Errorf("%q is read as %d %v", text, settled, topics)
		}
	}
	settled, topics := parseKept(`{"settled":0,"topics":{"x":1,"1/2/3":4}}`, 77)
	if settled != 1 || !maps.Equal(topics, map[Topic]Mark{{OfUser, Messages, 3}: 4}) {
		t.Errorf("read as %d %v", settled, topics)
	}
}

func FuzzParseKept(f *testing.F) {
	f.Add(`{"settled":31,"topics":{"1/2/11":15}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if settled, _ := parseKept(text, 0); settled < 1 {
			t.Errorf("settled %d", settled)
		}
	})
}
