package rtm

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

func threadsOfChannel(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p := parseSuffix(r.suffix)
	main, _ := r.param("includeMainThread")
	standalone, _ := r.param("standalone")
	f := chat.ThreadFilter{WithoutMain: main == "false", Standalone: standalone == "true"}
	page, err := c.server.Messages.ListThreads(ctx, c.actor, chat.ChannelID(r.id), f, p.request())
	return appendPage(dst, r, p, "threads", page, c.server.style.Thread), err
}

func threadByID(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	t, err := c.server.Messages.RetrieveThread(ctx, c.actor, chat.ThreadID(r.id))
	return c.server.style.Thread(dst, &t), err
}

func channelOfThread(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	t, err := c.server.Messages.RetrieveThread(ctx, c.actor, chat.ThreadID(r.id))
	if err != nil {
		return nil, err
	}
	v, err := c.server.Channels.Retrieve(ctx, c.actor, t.Channel)
	return c.server.style.Channel(dst, &v), err
}

// newerAgent begins the name of the SDKs that cannot take null for a message
// that is not there (client-protocol 2.1).
const newerAgent = "ChatKitty-ChatUI/"

// messageOfThread answers with the message that the replies of a thread belong
// to. Other threads have none.
func messageOfThread(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	t, err := c.server.Messages.RetrieveThread(ctx, c.actor, chat.ThreadID(r.id))
	if err != nil {
		return nil, err
	}
	if t.Type != chat.MessageThread {
		if strings.HasPrefix(c.account.UserAgent, newerAgent) {
			return nil, chat.ErrUnknownMessage
		}
		return append(dst, "null"...), nil
	}
	m, err := c.server.Messages.Retrieve(ctx, c.actor, chat.MessageID(t.ID))
	return c.server.style.Message(dst, &m), err
}

func createThread(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		Name       string          `json:"name"`
		Properties json.RawMessage `json:"properties"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	_, err := c.server.Messages.CreateThread(ctx, c.doer(r), messages.ThreadInput{
		Channel: chat.ChannelID(r.id), Name: body.Name, Properties: body.Properties,
	})
	return nil, err
}

// beginThreadMessage is beginMessage for a message into a thread.
func beginThreadMessage(ctx context.Context, c *connection, r *request) (wait func() (*answer, error), err error) {
	return beginWriting(ctx, c, r, messages.SendInput{Thread: chat.ThreadID(r.id)})
}

func readThread(ctx context.Context, c *connection, r *request) (*answer, error) {
	return nil, c.server.Messages.ReadThread(ctx, c.doer(r), chat.ThreadID(r.id))
}
