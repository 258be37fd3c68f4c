package rtm

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

func reactionsToMessage(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p := parseSuffix(r.suffix)
	page, err := c.server.Messages.ListReactions(ctx, c.actor, chat.MessageID(r.id), p.request())
	return appendPage(dst, r, p, "reactions", page, c.server.style.Reaction), err
}

// emoji reads which emoji an action is about.
func (r *request) emoji() (string, error) {
	var body struct {
		Emoji string `json:"emoji"`
	}
	err := r.decode(&body)
	return body.Emoji, err
}

func reactToMessage(ctx context.Context, c *connection, r *request) (*answer, error) {
	emoji, err := r.emoji()
	if err != nil {
		return nil, err
	}
	reaction, changed, err := c.server.Messages.React(ctx, c.doer(r), chat.MessageID(r.id), emoji)
	if err != nil || changed {
		return nil, err
	}
	return c.reactionAnswer("user.reaction.created", reaction), nil
}

func removeReaction(ctx context.Context, c *connection, r *request) (*answer, error) {
	emoji, err := r.emoji()
	if err != nil {
		return nil, err
	}
	reaction, changed, err := c.server.Messages.RemoveReaction(ctx, c.doer(r), chat.MessageID(r.id), emoji)
	if err != nil || changed {
		return nil, err
	}
	return c.reactionAnswer("user.reaction.removed", reaction), nil
}

func (c *connection) reactionAnswer(event string, r chat.Reaction) *answer {
	return &answer{realtime.Reactions, event, func(dst []byte) []byte { return c.server.style.Reaction(dst, &r) }}
}
