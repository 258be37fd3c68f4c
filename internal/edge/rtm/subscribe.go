package rtm

import (
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/realtime"
)

// errUnknownDestination refuses what is not in the tables.
var errUnknownDestination = &chat.Error{Code: chat.NotFound, Reason: "UnknownDestinationError", Message: "There is nothing at this destination."}

// subscribe handles the three kinds of SUBSCRIBE (client-protocol 1.8).
func (c *connection) subscribe(f *stomp.Frame) {
	destination, _ := f.HeaderString("destination")
	id := f.Header("id")
	switch {
	case len(id) == 0 || absent(destination):
		// A link that the SDK did not find: nothing to answer.
	case strings.HasPrefix(destination, applicationPrefix):
		c.resumeIfBack()
		c.relay(f, destination)
	case strings.HasPrefix(destination, errorQueue):
		c.errors.id, c.errors.destination = string(id), string(f.Header("destination"))
		c.receipt(f)
	default:
		c.topic(f, destination)
	}
}

// relay answers a question with exactly one MESSAGE, or one error.
func (c *connection) relay(f *stomp.Frame, destination string) {
	if !c.pace.allow(time.Now(), c.server.Limits.FramesPerSecond, c.server.Limits.Burst) {
		c.refuse(f, tooFast)
		return
	}
	r, ok := parseRelay(destination, f)
	if !ok || relays[r.path] == nil {
		c.refuse(f, errUnknownDestination)
		return
	}
	ctx, cancel := c.context()
	defer cancel()
	body, err := relays[r.path](ctx, c, r, append(make([]byte, 0, 1024), `{"resource":`...))
	if err != nil {
		c.refuse(f, c.shown(err, "relay "+r.path))
		return
	}
	body = append(body, '}')
	frame := append(make([]byte, 0, 256+len(body)), "MESSAGE"...)
	frame = append(frame, '\n')
	frame = stomp.AppendRawHeader(frame, "destination", f.Header("destination"))
	frame = stomp.AppendRawHeader(frame, "subscription", f.Header("id"))
	frame = stomp.AppendHeader(frame, "message-id", c.server.uniqueID())
	frame = stomp.AppendHeader(frame, "content-type", "application/json")
	c.session.Reply(stomp.AppendBody(frame, body))
}

// topic makes the session listen, if the user may. A refusal is silent: no SDK
// listens for one, and the missing RECEIPT keeps it from going on.
func (c *connection) topic(f *stomp.Frame, destination string) {
	t, ok := parseTopic(destination)
	if !ok || !c.mayHear(t) {
		return
	}
	acknowledging := string(f.Header("ack")) != "" && string(f.Header("ack")) != "auto"
	if err := c.session.Subscribe(string(f.Header("id")), string(f.Header("destination")), t, acknowledging); err != nil {
		c.refuse(f, c.shown(err, "subscribe"))
		return
	}
	if !c.mayHear(t) { // he ceased to be a member in between
		c.session.Unsubscribe(string(f.Header("id")))
		return
	}
	if t.Scope == realtime.OfChannel && t.Name == realtime.Self {
		// Who has the RECEIPT is in the chat: what follows is no notification.
		c.attended()
	}
	c.receipt(f)
}

// attended waits until it is kept in which channels the session chats.
func (c *connection) attended() {
	ctx, cancel := c.context()
	defer cancel()
	c.session.Attended(ctx)
}

// unsubscribe ends a subscription. Who has the RECEIPT is notified of what
// follows.
func (c *connection) unsubscribe(f *stomp.Frame) {
	c.session.Unsubscribe(string(f.Header("id")))
	if len(f.Header("receipt")) > 0 {
		c.attended()
	}
	c.receipt(f)
}

// mayHear tells whether the user may listen to a topic: to his own, and to
// those of the channels he is a member of.
func (c *connection) mayHear(t realtime.Topic) bool {
	if t.Scope == realtime.OfUser {
		return t.ID == int64(c.actor.User)
	}
	id := chat.ChannelID(t.ID)
	if c.server.Hub.IsMember(c.actor.User, id) {
		return true // which needs no look at the store
	}
	// Another node may have made him a member a moment ago.
	ctx, cancel := c.context()
	defer cancel()
	return c.server.Channels.Check(ctx, c.actor, id, chat.OpListen) == nil
}

// resumeIfBack starts the replay of a session that has come back. The SDKs
// subscribe all topics again before anything else and then relay the current
// user (client-protocol 1.13), so the first relay, or action, is the sign.
func (c *connection) resumeIfBack() {
	if !c.session.Resuming() {
		return
	}
	c.resuming.Wait()
	s := c.session
	for {
		after, missing := s.Owed(c.link)
		if missing {
			c.resuming.Go(func() { c.replay(s, after) })
			return
		}
		if s.Resume(c.link) {
			return
		}
	}
}

// missedPage is how many events are read from the log at once.
const missedPage = 500

// replay reads the log for a session until nothing is missing. What happens in
// the meantime is held by the session.
func (c *connection) replay(s *realtime.Session, after chat.Position) {
	for {
		ctx, cancel := c.context()
		s.Hold(c.link)
		events, err := c.server.Timeline.Missed(ctx, c.actor.User, after, missedPage)
		if err != nil {
			cancel()
			c.log(err, "read what a session missed")
			c.link.finish() // it comes back and tries again
			return
		}
		notified, err := c.missed(ctx, events)
		if err != nil {
			cancel()
			c.log(err, "read what a session was notified of")
			c.link.finish()
			return
		}
		var pubs []realtime.Publication
		for i := range events {
			pubs = append(pubs, c.server.publications(&events[i])...)
			if p, ok := notified[events[i].Position]; ok {
				pubs = append(pubs, p)
			}
		}
		alive := s.Replay(c.link, pubs)
		if len(events) > 0 {
			after = events[len(events)-1].Position
		}
		if alive && len(events) == missedPage {
			alive = s.Drained(ctx) == nil
		}
		cancel()
		if !alive || (len(events) < missedPage && s.Resume(c.link)) {
			return
		}
	}
}
