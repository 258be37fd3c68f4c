package rtm

import (
	"context"
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

func currentUser(ctx context.Context, c *connection, _ *request, dst []byte) ([]byte, error) {
	u, err := c.server.Accounts.RetrieveUser(ctx, c.actor, c.actor.User)
	return c.server.style.CurrentUser(dst, &u), err
}

func writeGrant(ctx context.Context, c *connection, _ *request, dst []byte) ([]byte, error) {
	return appendGrant(ctx, c, dst, "write")
}

func readGrant(ctx context.Context, c *connection, _ *request, dst []byte) ([]byte, error) {
	return appendGrant(ctx, c, dst, "read")
}

func appendGrant(ctx context.Context, c *connection, dst []byte, purpose string) ([]byte, error) {
	grant, err := c.server.Accounts.FileGrant(ctx, c.actor, purpose)
	return append(dst, `{"grant":"`+grant+`"}`...), err
}

func userByID(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	u, err := c.server.Accounts.RetrieveUser(ctx, c.actor, chat.UserID(r.id))
	return c.server.style.User(dst, &u), err
}

func userIsMember(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	text, _ := r.param("channelId")
	id, ok := chat.ParseID(text)
	if !ok {
		return nil, chat.Invalidf("channelId", "must be a channel's id")
	}
	is, err := c.server.Channels.CheckMember(ctx, c.actor, chat.ChannelID(id), chat.UserID(r.id))
	dst = append(dst, `{"exists":`...)
	return append(strconv.AppendBool(dst, is), '}'), err
}

func contacts(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p, page, err := c.listContacts(ctx, r)
	return appendPage(dst, r, p, "users", page, c.server.style.User), err
}

func contactsCount(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	_, page, err := c.listContacts(ctx, r)
	return appendCount(dst, page.Total), err
}

func (c *connection) listContacts(ctx context.Context, r *request) (pageSuffix, chat.Page[chat.User], error) {
	p := parseSuffix(r.suffix)
	var f chat.UserFilter
	f.NameContains, _ = r.param("name")
	f.DisplayNameContains, _ = r.param("displayName")
	if v, given := r.param("online"); given {
		online := v == "true"
		f.Online = &online
	}
	page, err := c.server.Accounts.ListUsers(ctx, c.actor, f, p.request(chat.Sort{Property: "displayName"}))
	return p, page, err
}

func appendCount(dst []byte, n int64) []byte {
	dst = append(dst, `{"count":`...)
	return append(strconv.AppendInt(dst, n, 10), '}')
}

func channelsOfUser(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	var f chat.ChannelFilter
	if v, ok := r.param("subscribable"); ok && v == "true" {
		yes := true
		f.Joined = &yes
	}
	return listChannels(ctx, c, r, dst, f)
}

func joinableChannels(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	no := false
	return listChannels(ctx, c, r, dst, chat.ChannelFilter{Joined: &no})
}

func listChannels(ctx context.Context, c *connection, r *request, dst []byte, f chat.ChannelFilter) ([]byte, error) {
	p := parseSuffix(r.suffix)
	f.NameContains, _ = r.param("name")
	page, err := c.server.Channels.List(ctx, c.actor, f, p.request(chat.Sort{Property: "activity", Descending: true}))
	return appendPage(dst, r, p, "channels", page, c.server.style.Channel), err
}

func channelByID(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	v, err := c.server.Channels.Retrieve(ctx, c.actor, chat.ChannelID(r.id))
	return c.server.style.Channel(dst, &v), err
}

func membersOfChannel(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p := parseSuffix(r.suffix)
	page, err := c.server.Channels.ListMembers(ctx, c.actor, chat.ChannelID(r.id), p.request(chat.Sort{Property: "displayName"}))
	return appendPage(dst, r, p, "users", page, c.server.style.User), err
}

func lastReceivedMessage(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	v, err := c.server.Channels.Retrieve(ctx, c.actor, chat.ChannelID(r.id))
	if err == nil && v.Channel.LastMessage == nil {
		return nil, chat.ErrUnknownMessage
	}
	if err != nil {
		return nil, err
	}
	return c.server.style.Message(dst, v.Channel.LastMessage), nil
}

func messageByID(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	m, err := c.server.Messages.Retrieve(ctx, c.actor, chat.MessageID(r.id))
	return c.server.style.Message(dst, &m), err
}

func channelOfMessage(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	m, err := c.server.Messages.Retrieve(ctx, c.actor, chat.MessageID(r.id))
	if err != nil {
		return nil, err
	}
	v, err := c.server.Channels.Retrieve(ctx, c.actor, m.Channel)
	return c.server.style.Channel(dst, &v), err
}
