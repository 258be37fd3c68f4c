package rest

import (
	"strconv"

	"github.com/purrchat/purr/internal/edge/wire"
)

// listMessageReadReceipts lists who has read a message.
func (d *door) listMessageReadReceipts(c *call) ([]byte, error) {
	id, err := c.messageID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	list, err := d.Messages.ListReceipts(c.Context(), c.actor, id, q.page())
	if err != nil {
		return nil, err
	}
	path := "/messages/" + strconv.FormatInt(int64(id), 10) + "/read-receipts"
	return wire.Page(nil, c.style, q.list("receipts", path), list, c.style.ReadReceipt), nil
}

// listReadReceiptSummaries lists who has how much unread where.
func (d *door) listReadReceiptSummaries(c *call) ([]byte, error) {
	q := readQuery(c)
	list, err := d.Messages.ListUnreadSummaries(c.Context(), c.actor, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("summaries", "/application/message-read-receipt-summaries"), list, c.style.UnreadSummary), nil
}

// countUserUnreadMessages counts what a user has not read in all his channels.
func (d *door) countUserUnreadMessages(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	n, err := d.Messages.CountUnread(c.Context(), c.actor, id)
	return wire.Count(nil, n), err
}
