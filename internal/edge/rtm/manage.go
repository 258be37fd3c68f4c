package rtm

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/realtime"
)

func (r *request) channel() chat.ChannelID { return chat.ChannelID(r.id) }

// user reads a body that is a reference to a user.
func (r *request) user() (chat.UserRef, error) {
	var body userRef
	err := r.decode(&body)
	return body.ref(), err
}

func (c *connection) userAnswer(event string, u chat.User) *answer {
	return &answer{realtime.Users, event, func(dst []byte) []byte { return c.server.style.User(dst, &u) }}
}

func inviteUser(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		User userRef `json:"user"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	i, changed, err := c.server.Channels.Invite(ctx, c.doer(r), r.channel(), body.User.ref())
	if err != nil || (changed && i.User.ID != c.actor.User) {
		return nil, err
	}
	return c.userAnswer("user.user.invited", i.User), nil
}

func addModerator(ctx context.Context, c *connection, r *request) (*answer, error) {
	return c.setModerator(ctx, r, true, "user.channel.moderator_added")
}

func deleteModerator(ctx context.Context, c *connection, r *request) (*answer, error) {
	return c.setModerator(ctx, r, false, "user.channel.moderator_deleted")
}

func (c *connection) setModerator(ctx context.Context, r *request, on bool, event string) (*answer, error) {
	ref, err := r.user()
	if err != nil {
		return nil, err
	}
	v, _, changed, err := c.server.Channels.SetModerator(ctx, c.doer(r), r.channel(), ref, on)
	if err != nil || changed {
		return nil, err
	}
	return c.channelAnswer(event, v), nil
}

func blockInChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	ref, err := r.user()
	if err != nil {
		return nil, err
	}
	b, changed, err := c.server.Channels.Block(ctx, c.doer(r), r.channel(), ref)
	if err != nil || changed {
		return nil, err
	}
	return &answer{realtime.Channels, "user.channel.block_record_created", func(dst []byte) []byte {
		return c.server.style.ChannelBlock(dst, &b)
	}}, nil
}

func unblockInChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	_, err := c.server.Channels.Unblock(ctx, c.doer(r), r.id)
	return nil, err
}

func muteChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		State string `json:"state"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	if body.State != "ON" && body.State != "OFF" {
		return nil, chat.Invalidf("state", "must be ON or OFF")
	}
	on, event := body.State == "ON", "user.channel.unmuted"
	if on {
		event = "user.channel.muted"
	}
	v, changed, err := c.server.Channels.Mute(ctx, c.doer(r), r.channel(), on)
	if err != nil || changed {
		return nil, err
	}
	return c.channelAnswer(event, v), nil
}

func hideChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	v, changed, err := c.server.Channels.Hide(ctx, c.doer(r), r.channel())
	if err != nil || changed {
		return nil, err
	}
	return c.channelAnswer("user.channel.hidden", v), nil
}

func clearHistory(ctx context.Context, c *connection, r *request) (*answer, error) {
	v, changed, err := c.server.Channels.ClearHistory(ctx, c.doer(r), r.channel())
	if err != nil || changed {
		return nil, err
	}
	return c.channelAnswer("user.channel.history_cleared", v), nil
}

func blockUser(ctx context.Context, c *connection, r *request) (*answer, error) {
	u, changed, err := c.server.Accounts.BlockUser(ctx, c.doer(r), chat.UserID(r.id))
	if err != nil || changed {
		return nil, err
	}
	return c.userAnswer("user.user.blocked", u), nil
}

func unblockUser(ctx context.Context, c *connection, r *request) (*answer, error) {
	_, err := c.server.Accounts.UnblockUser(ctx, c.doer(r), chat.UserID(r.id))
	return nil, err
}

func moderatorsOfChannel(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p := parseSuffix(r.suffix)
	var f chat.UserFilter
	f.DisplayNameContains, _ = r.param("displayName")
	page, err := c.server.Channels.ListModerators(ctx, c.actor, r.channel(), f, p.request(chat.Sort{Property: "displayName"}))
	return appendPage(dst, r, p, "users", page, c.server.style.User), err
}

func blockRecordsOfChannel(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p := parseSuffix(r.suffix)
	var f chat.UserFilter
	f.DisplayNameContains, _ = r.param("displayName")
	page, err := c.server.Channels.ListBlocks(ctx, c.actor, r.channel(), f, p.request())
	return appendPage(dst, r, p, "records", page, c.server.style.ChannelBlock), err
}

func userBlocks(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p := parseSuffix(r.suffix)
	var f chat.UserFilter
	f.NameContains, _ = r.param("name")
	f.DisplayNameContains, _ = r.param("displayName")
	if v, given := r.param("online"); given {
		online := v == "true"
		f.Online = &online
	}
	page, err := c.server.Accounts.ListUserBlocks(ctx, c.actor, f, p.request())
	return appendPage(dst, r, p, "items", page, c.server.style.UserBlock), err
}

func (t *teller) moderator() {
	e := t.event
	if e.ChannelState == nil || e.User == nil {
		return
	}
	carrier, name := "user.channel.moderator_deleted", "channel.moderator.deleted"
	if e.Kind == chat.ModeratorAdded {
		carrier, name = "user.channel.moderator_added", "channel.moderator.added"
	}
	t.actor(realtime.Channels, carrier, t.view(true))
	// What he may do has changed with it.
	t.tell(realtime.Publication{Topic: realtime.UserTopic(e.Target, realtime.Channels)}, "user.channel.updated", t.view(true))
	t.tell(realtime.Publication{Topic: realtime.ChannelTopic(e.Channel, realtime.Moderators)}, name,
		func(dst []byte) []byte { return t.server.style.User(dst, e.User) })
}

func (t *teller) channelBlock() {
	e := t.event
	if e.User == nil {
		return
	}
	carrier, name := "user.channel.block_record_deleted", "channel.block_record.deleted"
	if e.Kind == chat.ChannelBlocked {
		carrier, name = "user.channel.block_record_created", "channel.block_record.created"
	}
	b := chat.ChannelBlock{ID: e.Subject, Channel: e.Channel, User: *e.User, CreatedAt: ident.Time(e.Subject)}
	record := func(dst []byte) []byte { return t.server.style.ChannelBlock(dst, &b) }
	t.actor(realtime.Channels, carrier, record)
	t.tell(realtime.Publication{Topic: realtime.ChannelTopic(e.Channel, realtime.BlockRecords)}, name, record)
}

// ownNames are what the user is told of what he made of a channel.
var ownNames = map[chat.EventKind]string{ //nolint:gochecknoglobals // a constant table
	chat.ChannelMuted: "user.channel.muted", chat.ChannelUnmuted: "user.channel.unmuted",
	chat.ChannelHidden: "user.channel.hidden", chat.ChannelUnhidden: "user.channel.unhidden",
	chat.HistoryCleared: "user.channel.history_cleared",
}

func (t *teller) ownChannel() {
	e := t.event
	if e.ChannelState == nil {
		return
	}
	t.actor(realtime.Channels, ownNames[e.Kind], t.view(true))
	switch e.Kind {
	case chat.ChannelHidden, chat.ChannelUnhidden, chat.HistoryCleared:
		t.tell(realtime.Publication{Topic: realtime.UserTopic(e.Target, realtime.Channels), Except: t.told()}, ownNames[e.Kind], t.view(true))
	default:
	}
}

func (t *teller) userBlock() {
	e := t.event
	if e.User == nil {
		return
	}
	own := realtime.Publication{Topic: realtime.UserTopic(e.Target, realtime.Users)}
	user := func(dst []byte) []byte { return t.server.style.User(dst, e.User) }
	if e.Kind == chat.UserBlocked {
		t.actor(realtime.Users, "user.user.blocked", user)
		b := chat.UserBlock{User: *e.User, CreatedAt: e.At}
		t.tell(own, "user.user_blocklist_item.created", func(dst []byte) []byte { return t.server.style.UserBlock(dst, &b) })
		return
	}
	own.Except = t.told()
	t.actor(realtime.Users, "user.user.unblocked", user)
	t.tell(own, "user.user.unblocked", user)
}
