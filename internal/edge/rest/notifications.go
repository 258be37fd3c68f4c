package rest

import (
	"strconv"

	"github.com/purrchat/purr/internal/edge/wire"
)

// listUserNotifications lists what a user has been notified of, newest first.
func (d *door) listUserNotifications(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	cursor := q.cursor()
	if q.err != nil {
		return nil, q.err
	}
	list, err := d.Notify.List(c.Context(), c.actor, id, cursor)
	if err != nil {
		return nil, err
	}
	path := "/users/" + strconv.FormatInt(int64(id), 10) + "/notifications"
	return wire.CursorPage(nil, c.style, q.list("notifications", path), list, c.style.Notification), nil
}
