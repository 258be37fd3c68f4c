package rtm

import (
	"context"
	"encoding/json"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// triggerEvent is complete with its RECEIPT.
func triggerEvent(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body chat.CustomEvent
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	_, err := c.server.Channels.Trigger(ctx, c.doer(r), r.channel(), body.Type, body.Properties)
	return nil, err
}

func (t *teller) triggered() {
	e := t.event
	var custom chat.CustomEvent
	if json.Unmarshal([]byte(e.Data), &custom) != nil {
		return
	}
	t.tell(realtime.Publication{Topic: realtime.ChannelTopic(e.Channel, realtime.Events)}, "channel.event.triggered",
		func(dst []byte) []byte { return t.server.style.CustomEvent(dst, &custom, e.User, e.Channel) })
}
