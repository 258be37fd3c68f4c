package rtm

import (
	"context"
	"encoding/json"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

func createChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		Type        chat.ChannelType `json:"type"`
		Name        string           `json:"name"`
		DisplayName string           `json:"displayName"`
		Members     []userRef        `json:"members"`
		Properties  json.RawMessage  `json:"properties"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	in := channels.CreateInput{Type: body.Type, Name: body.Name, DisplayName: body.DisplayName, Properties: body.Properties}
	for _, m := range body.Members {
		in.Members = append(in.Members, m.ref())
	}
	out, err := c.server.Channels.Create(ctx, c.doer(r), in)
	if err != nil || !out.Existed {
		return nil, err
	}
	return c.channelAnswer("user.channel.upserted", out.View), nil
}

func (c *connection) channelAnswer(event string, v chat.View) *answer {
	return &answer{realtime.Channels, event, func(dst []byte) []byte { return c.server.style.Channel(dst, &v) }}
}

func updateUser(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		DisplayName *string `json:"displayName"`
		Presence    struct {
			Status *string `json:"status"`
		} `json:"presence"`
		Properties json.RawMessage `json:"properties"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	_, err := c.server.Accounts.UpdateUser(ctx, c.doer(r), c.actor.User, accounts.UserPatch{
		DisplayName: body.DisplayName, Status: body.Presence.Status, Properties: body.Properties,
	})
	return nil, err
}

func deleteUser(ctx context.Context, c *connection, r *request) (*answer, error) {
	_, err := c.server.Accounts.DeleteUser(ctx, c.doer(r), chat.UserID(r.id))
	return nil, err
}

func joinChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	v, changed, err := c.server.Channels.Join(ctx, c.doer(r), chat.ChannelID(r.id))
	if err != nil || changed {
		return nil, err
	}
	return c.channelAnswer("user.channel.joined", v), nil
}

func leaveChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		User *userRef `json:"user"`
	}
	if len(r.frame.Body) > 0 {
		if err := r.decode(&body); err != nil {
			return nil, err
		}
	}
	if body.User != nil {
		_, err := c.server.Channels.RemoveMember(ctx, c.doer(r), chat.ChannelID(r.id), body.User.ref())
		return nil, err
	}
	_, err := c.server.Channels.Leave(ctx, c.doer(r), chat.ChannelID(r.id))
	return nil, err
}

func updateChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		DisplayName *string         `json:"displayName"`
		Properties  json.RawMessage `json:"properties"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	_, err := c.server.Channels.Update(ctx, c.doer(r), chat.ChannelID(r.id), channels.Patch{
		DisplayName: body.DisplayName, Properties: body.Properties,
	})
	return nil, err
}

func deleteChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	_, err := c.server.Channels.Delete(ctx, c.doer(r), chat.ChannelID(r.id))
	return nil, err
}

// beginMessage gives a message its place; what it returns waits for it to be
// written.
func beginMessage(ctx context.Context, c *connection, r *request) (wait func() (*answer, error), err error) {
	return beginWriting(ctx, c, r, messages.SendInput{Channel: chat.ChannelID(r.id)})
}

// beginWriting is what all ways of sending a message have in common; in says
// where it belongs.
func beginWriting(ctx context.Context, c *connection, r *request, in messages.SendInput) (wait func() (*answer, error), err error) {
	var body struct {
		Type       chat.MessageType `json:"type"`
		Body       string           `json:"body"`
		File       *externalFile    `json:"file"`
		GroupTag   string           `json:"groupTag"`
		Properties json.RawMessage  `json:"properties"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	file, err := body.File.of(body.Type)
	if err != nil {
		return nil, err
	}
	in.Body, in.File, in.GroupTag, in.Properties = body.Body, file, body.GroupTag, body.Properties
	written := c.server.Messages.Begin(ctx, c.doer(r), in)
	return func() (*answer, error) {
		sent, err := written()
		if err == nil {
			c.server.typing.said(typist{sent.Message.Channel, c.actor.User}, sent.Message.Body)
		}
		if err != nil || !sent.Repeated {
			return nil, err
		}
		return &answer{realtime.Messages, "user.message.created", func(dst []byte) []byte {
			return c.server.style.Message(dst, &sent.Message)
		}}, nil
	}, nil
}
