package realtime_test

import (
	"fmt"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// What was kept of a session tells what it has acknowledged of an event.
func TestWhatIsSettled(t *testing.T) {
	t.Parallel()
	mine, room := realtime.UserTopic(7, realtime.Messages), realtime.ChannelTopic(9, realtime.Messages)
	behind := fmt.Sprintf("%d/%d/%d", room.Scope, room.Name, room.ID)
	kept := func(settled, at chat.Position) string {
		return fmt.Sprintf(`{"settled":%d,"topics":{%q:%d}}`, realtime.MarkOf(settled, 15), behind, realtime.MarkOf(at, 2))
	}
	for _, c := range []struct {
		text   string
		since  chat.Position
		topics []realtime.Topic
		want   bool
	}{
		{kept(20, 20), 1, []realtime.Topic{mine, room}, true},
		{kept(20, 9), 1, []realtime.Topic{mine, room}, false},
		{kept(20, 9), 1, []realtime.Topic{mine}, true},
		{kept(9, 10), 1, []realtime.Topic{room}, true},
		{kept(9, 10), 1, []realtime.Topic{mine, room}, false},
		{"", 9, []realtime.Topic{mine}, false},
		{"nonsense", 10, []realtime.Topic{mine}, true},
	} {
		if got := realtime.Settled(c.text, c.since, 10, c.topics...); got != c.want {
			t.Errorf("%s since %d on %v: %v", c.text, c.since, c.topics, got)
		}
	}
}
