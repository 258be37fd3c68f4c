package rtm

import (
	"errors"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/kit/stomp"
)

// coolOff is how long a client that was too fast is asked to wait.
const coolOff = "PT1S"

// errorBody is the error object (client-protocol 2.4).
func errorBody(e *chat.Error) []byte {
	b := append([]byte(nil), `{"error":`...)
	b = wire.AppendString(b, e.Reason)
	b = append(b, `,"message":`...)
	b = wire.AppendString(b, e.Message)
	b = append(b, `,"timestamp":`...)
	b = wire.AppendTime(b, time.Now())
	if e.Code == chat.RateLimited {
		b = append(b, `,"coolOffDuration":"`+coolOff+`"`...)
	}
	if e.Field != "" {
		b = append(b, `,"properties":{"field":`...)
		b = wire.AppendString(b, e.Field)
		b = append(b, '}')
	}
	return append(b, '}')
}

func deniedBody(why string) []byte {
	return errorBody(&chat.Error{Code: chat.Unauthenticated, Reason: chat.ErrAccessDenied.Reason, Message: why})
}

// errorFrame is an ERROR frame, after which the connection ends.
func errorFrame(body []byte) []byte {
	return stomp.AppendError(nil, stomp.ErrorFrame{Message: "The connection is refused.", ContentType: "application/json"}, body)
}

// fail says why the connection ends.
func (c *connection) fail(code chat.Code, reason, message string) {
	body := errorBody(&chat.Error{Code: code, Reason: reason, Message: message})
	if c.session != nil {
		ctx, cancel := c.context()
		defer cancel()
		c.session.Reply(errorFrame(body))
		_ = c.session.Drained(ctx)
		return
	}
	c.link.direct(errorFrame(body))
}

// shown is what a client may know of an error: refusals as they are, faults
// without their text, which goes to the log.
func (c *connection) shown(err error, doing string) *chat.Error {
	var refusal *chat.Error
	if errors.As(err, &refusal) {
		return refusal
	}
	c.log(err, doing)
	return &chat.Error{Code: chat.Internal, Reason: "InternalError", Message: "Something went wrong on the server."}
}

// refuse answers a failed frame on the error queue: an action by its receipt,
// a relay by its subscription.
func (c *connection) refuse(f *stomp.Frame, e *chat.Error) {
	name, value := "receipt-id", f.Header("receipt")
	if f.Command == stomp.Subscribe {
		name, value = "subscription-id", f.Header("id")
	}
	c.refuseBy(name, string(value), e)
}

// refuseBy sends an error that names what failed by a header, whose value is
// in its wire form. The SDKs fail every pending action on an error that names
// nothing, so such a one is not sent.
func (c *connection) refuseBy(name, value string, e *chat.Error) {
	if absent(value) || c.errors.id == "" {
		return
	}
	body := errorBody(e)
	frame := append(make([]byte, 0, 256+len(body)), "MESSAGE\nsubscription:"...)
	frame = append(frame, c.errors.id...)
	frame = append(frame, "\ndestination:"...)
	frame = append(frame, c.errors.destination...)
	frame = stomp.AppendHeader(append(frame, '\n'), "message-id", c.server.uniqueID())
	frame = stomp.AppendRawHeader(frame, name, []byte(value))
	frame = stomp.AppendHeader(frame, "content-type", "application/json")
	c.session.Reply(stomp.AppendBody(frame, body))
}
