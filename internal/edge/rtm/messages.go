package rtm

import (
	"context"
	"encoding/json"

	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

func messagesOfChannel(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	main, _ := r.param("mainThread")
	kind, _ := r.param("type")
	return listMessages(ctx, c, r, dst, chat.MessageFilter{
		Channel: chat.ChannelID(r.id), MainThread: main == "true", Type: chat.MessageType(kind),
	})
}

func messagesOfUser(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	kind, _ := r.param("type")
	p := parseSuffix(r.suffix)
	page, err := c.server.Messages.ListOwn(ctx, c.actor, chat.MessageType(kind), p.cursorRequest())
	return appendCursorPage(dst, r, p, "messages", page, c.server.style.Message), err
}

func repliesToMessage(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	return listMessages(ctx, c, r, dst, chat.MessageFilter{Parent: chat.MessageID(r.id)})
}

func listMessages(ctx context.Context, c *connection, r *request, dst []byte, f chat.MessageFilter) ([]byte, error) {
	p := parseSuffix(r.suffix)
	page, err := c.server.Messages.List(ctx, c.actor, f, p.cursorRequest())
	return appendCursorPage(dst, r, p, "messages", page, c.server.style.Message), err
}

func parentOfMessage(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	parent, err := c.server.Messages.Parent(ctx, c.actor, chat.MessageID(r.id))
	return c.server.style.Message(dst, &parent), err
}

func repliesCount(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	m, err := c.server.Messages.Retrieve(ctx, c.actor, chat.MessageID(r.id))
	return appendCount(dst, m.Replies), err
}

func reportsOfMessage(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p := parseSuffix(r.suffix)
	page, err := c.server.Messages.ListReports(ctx, c.actor, chat.MessageID(r.id), p.request())
	return appendPage(dst, r, p, "reports", page, c.server.style.Report), err
}

func reportCount(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	page, err := c.server.Messages.ListReports(ctx, c.actor, chat.MessageID(r.id), chat.PageRequest{Size: 1})
	return appendCount(dst, page.Total), err
}

// beginReply is beginMessage for a reply to a message.
func beginReply(ctx context.Context, c *connection, r *request) (wait func() (*answer, error), err error) {
	return beginWriting(ctx, c, r, messages.SendInput{Parent: chat.MessageID(r.id)})
}

func editMessage(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		Body *string `json:"body"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	if body.Body == nil {
		return nil, chat.Invalidf("body", "must not be missing")
	}
	_, err := c.server.Messages.Update(ctx, c.doer(r), chat.MessageID(r.id), messages.Patch{Body: body.Body})
	return nil, err
}

func updateMessageProperties(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		Properties json.RawMessage `json:"properties"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	if len(body.Properties) == 0 {
		return nil, chat.Invalidf("properties", "must not be missing")
	}
	_, err := c.server.Messages.Update(ctx, c.doer(r), chat.MessageID(r.id), messages.Patch{Properties: body.Properties})
	return nil, err
}

func deleteMessage(ctx context.Context, c *connection, r *request) (*answer, error) {
	_, err := c.server.Messages.Delete(ctx, c.doer(r), chat.MessageID(r.id))
	return nil, err
}

func deleteMessageForMe(ctx context.Context, c *connection, r *request) (*answer, error) {
	m, changed, err := c.server.Messages.DeleteForMe(ctx, c.doer(r), chat.MessageID(r.id))
	if err != nil || changed {
		return nil, err
	}
	return &answer{realtime.Messages, "user.message.deleted", func(dst []byte) []byte { return c.server.style.Message(dst, &m) }}, nil
}

func reportMessage(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		Reason     string          `json:"reason"`
		Properties json.RawMessage `json:"properties"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	_, err := c.server.Messages.Report(ctx, c.doer(r), chat.MessageID(r.id), body.Reason, body.Properties)
	return nil, err
}
