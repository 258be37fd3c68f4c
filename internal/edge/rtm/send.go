package rtm

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/realtime"
)

// answer is an event that completes an action whose deed wrote none, because
// there was nothing left to do.
type answer struct {
	topic  realtime.Name
	event  string
	render func(dst []byte) []byte
}

// send carries out an action: the deed first, then its RECEIPT or an error,
// never a premature RECEIPT (client-protocol 2.3).
func (c *connection) send(f *stomp.Frame) {
	c.resumeIfBack()
	destination, _ := f.HeaderString("destination")
	r, ok := parseAction(destination, f)
	if !ok || (actions[r.path] == nil && pipelined[r.path] == nil) {
		c.refuse(f, errUnknownDestination)
		return
	}
	if !c.pace.allow(time.Now(), c.server.Limits.FramesPerSecond, c.server.Limits.Burst) {
		c.refuse(f, tooFast)
		return
	}
	ctx, cancel := c.context()
	if begin := pipelined[r.path]; begin != nil {
		wait, err := begin(ctx, c, r)
		if err != nil {
			wait = func() (*answer, error) { return nil, err }
		}
		c.pipeline.add(c, &underWay{path: r.path, receipt: string(f.Header("receipt")), request: r.request(), wait: wait, done: cancel})
		return
	}
	defer cancel()
	c.pipeline.wait()
	a, err := actions[r.path](ctx, c, r)
	c.conclude(r.path, string(f.Header("receipt")), r.request(), a, err)
}

// conclude answers an action. The receipt is in its wire form.
func (c *connection) conclude(path, receipt, request string, a *answer, err error) {
	if err != nil {
		c.refuseBy("receipt-id", receipt, c.shown(err, "action "+path))
		return
	}
	if !absent(receipt) && !c.receiptComes(path, request, a) {
		c.session.Reply(stomp.AppendReceipt(nil, []byte(receipt)))
	}
	if a != nil {
		c.answer(request, a)
	}
}

// receiptComes tells whether an action's receipt travels with the event that
// completes it, in one write instead of two. That is so for the actions that
// clients send in great numbers.
func (c *connection) receiptComes(path, request string, a *answer) bool {
	return a == nil && pipelined[path] != nil && request != "" && c.session.Hears(realtime.UserTopic(c.actor.User, realtime.Messages))
}

// answer sends an event to the acting session alone.
func (c *connection) answer(request string, a *answer) {
	c.server.Hub.Publish([]realtime.Publication{{
		Topic: realtime.Topic{Scope: realtime.OfUser, Name: a.topic}, Only: c.account.ID, Request: request,
		Render: func() []byte { return event(a.event, a.render) },
	}})
	c.server.Hub.Flush()
}

// request is the receipt that names an action.
func (r *request) request() string {
	text, _ := r.frame.HeaderString("receipt")
	if absent(text) || len(text) > chat.MaxRequest {
		return ""
	}
	return text
}

// doer is the actor of one request.
func (c *connection) doer(r *request) chat.Actor {
	a := c.actor
	a.Request = r.request()
	return a
}

// decode reads the JSON body of an action. Members of no interest, such as the
// links of embedded resources, are ignored.
func (r *request) decode(into any) error {
	err := json.Unmarshal(r.frame.Body, into)
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var known *chat.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.As(err, &wrongType):
		return chat.Invalidf(wrongType.Field, "must be a %s", wrongType.Type)
	case errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF):
		return chat.Invalidf("", "The body is not JSON.")
	default:
		return chat.Invalidf("", "The body cannot be read.")
	}
}

// userRef reads a reference to a user: {"id"}, {"username"} or a whole user.
type userRef struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

func (u userRef) ref() chat.UserRef {
	name := u.Username
	if name == "" {
		name = u.Name
	}
	if u.ID > 0 {
		return chat.UserRef{ID: chat.UserID(u.ID)}
	}
	return chat.UserRef{Name: name}
}
