package rest

import (
	"strconv"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) listUsers(c *call) ([]byte, error) {
	q := readQuery(c)
	filter, page := chat.UserFilter{
		Name: q.text("name", chat.MaxUsername), Unread: q.flag("unread"), Properties: q.properties("properties"),
	}, q.page()
	if q.err != nil {
		return nil, q.err
	}
	users, err := d.Accounts.ListUsers(c.Context(), c.actor, filter, page)
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("users", "/users"), users, c.style.User), nil
}

// checkUserExists answers HEAD /users?name=, which says by its status alone
// whether there is such a user.
func (d *door) checkUserExists(c *call) ([]byte, error) {
	name := c.URL.Query().Get("name")
	if err := chat.CheckText("name", name, chat.MaxUsername); err != nil {
		return nil, err
	}
	exists, err := d.Accounts.UserExists(c.Context(), c.actor, name)
	if err == nil && !exists {
		err = chat.ErrUnknownUser
	}
	return nil, err
}

func (d *door) createUser(c *call) ([]byte, error) {
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	in := accounts.CreateUserInput{
		Name:        o.text("name"),
		DisplayName: o.text("displayName"),
		Guest:       o.flag("isGuest"),
		Properties:  o.raw("properties"),
	}
	if o.err != nil {
		return nil, o.err
	}
	u, err := d.Accounts.CreateUser(c.Context(), c.actor, in)
	return c.user(u, err)
}

func (d *door) retrieveUser(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	u, err := d.Accounts.RetrieveUser(c.Context(), c.actor, id)
	return c.user(u, err)
}

func (d *door) updateUser(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	o, err := readPatch(c)
	if err != nil {
		return nil, err
	}
	patch := accounts.UserPatch{
		DisplayName: o.newText("displayName"),
		Guest:       o.newFlag("isGuest"),
		Properties:  o.raw("properties"),
	}
	if presence := o.object("presence"); presence != nil {
		patch.Status = presence.newText("status")
		o.join(presence)
	}
	if o.err != nil {
		return nil, o.err
	}
	u, err := d.Accounts.UpdateUser(c.Context(), c.actor, id, patch)
	return c.user(u, err)
}

func (d *door) deleteUser(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	if _, err := d.Accounts.DeleteUser(c.Context(), c.actor, id); err != nil {
		return nil, err
	}
	return d.retrieveApplication(c)
}

// listUserChannels lists the channels that a user is a member of.
func (d *door) listUserChannels(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	if _, err := d.Accounts.RetrieveUser(c.Context(), c.actor, id); err != nil {
		return nil, err
	}
	q, joined := readQuery(c), true
	list, err := d.Channels.List(c.Context(), c.actor, chat.ChannelFilter{Viewer: id, Joined: &joined}, q.page())
	if err != nil {
		return nil, err
	}
	path := "/users/" + strconv.FormatInt(int64(id), 10) + "/channels"
	return wire.Page(nil, c.style, q.list("channels", path), list, c.style.Channel), nil
}

// user is the answer of an operation whose result is a user.
func (c *call) user(u chat.User, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.style.User(nil, &u), nil
}
