package store

import (
	"math"
	"slices"

	"github.com/purrchat/purr/internal/chat"
)

// The messages of all channels of a user, newest first. No index has them in
// this order, since it would cost every message. But those of one channel are in
// order, and a page of n messages is found in the n channels whose newest ones
// are the newest: so one query finds the newest message of each of the user's
// channels, by one step into the index each, and another one takes the page out
// of the few channels that it can be in. What was on the pages before is stepped
// over, so that a page costs more the further away from the newest it is. The
// plus signs keep an engine from walking the index of all identifiers instead of
// the channel's.

// underWay is how far neighbours in a channel may be in another order by their
// identifiers, which are taken before, than by their numbers.
const underWay = 16

// own is the condition under which a list of all messages of a user has those of
// a channel c, with the membership p.
const own = `p.user_id = $1 AND NOT p.hidden AND c.deleted_at = 0`

// ownShown is the condition under which such a list has the message of a row
// that is behind a number. There must be no other lower bound, of which an
// engine might take the wrong one to search by.
func ownShown(message, number string, t chat.MessageType) string {
	return message + `.channel_id = p.channel_id AND ` + message + `.seq > ` + number + ` AND ` + message + `.deleted_at = 0 AND ` +
		ofType(message, t) + ` AND NOT ` + leftOut(message, "$1")
}

// UserMessages lists up to limit messages that a user is shown of all his
// channels, newest first: from one on, included (zero starts at the newest) or,
// where before is not zero, the nearest ones that are newer than before. They are
// complete; that takes a bounded number of queries.
func (tx *Tx) UserMessages(app chat.ApplicationID, user chat.UserID, t chat.MessageType, from, before chat.MessageID, limit int) ([]chat.Message, error) {
	var ids []chat.MessageID
	var err error
	if before != 0 {
		ids, err = tx.userMessagesAfter(user, t, before, limit)
		slices.Reverse(ids)
	} else {
		ids, err = tx.userMessagesFrom(user, t, from, limit)
	}
	if err != nil {
		return nil, err
	}
	found, err := tx.MessagesByID(app, ids)
	if err != nil {
		return nil, err
	}
	list := make([]chat.Message, 0, len(ids))
	all := make([]*chat.Message, 0, len(ids))
	for _, id := range ids {
		if m, ok := found[id]; ok {
			list = append(list, m)
			all = append(all, &list[len(list)-1])
		}
	}
	return list, tx.HideReplies(user, all)
}

func (tx *Tx) userMessagesFrom(user chat.UserID, t chat.MessageType, from chat.MessageID, limit int) ([]chat.MessageID, error) {
	if from == 0 {
		from = math.MaxInt64
	}
	channels, err := collect(tx, "find the newest messages of a user's channels", readID[chat.ChannelID],
		`SELECT p.channel_id FROM members p JOIN channels c ON c.id = p.channel_id WHERE `+own+` ORDER BY COALESCE((SELECT m.id FROM messages m WHERE `+ownShown("m", "p.cleared_seq", t)+` AND +m.id <= $2
			ORDER BY m.seq DESC LIMIT 1), 0) DESC LIMIT $3`,
		int64(user), int64(from), limit)
	if err != nil || len(channels) == 0 {
		return nil, err
	}
	q := &sqlText{args: []any{int64(user), int64(from), limit, limit + underWay}}
	return collect(tx, "list a user's messages", readID[chat.MessageID],
		`SELECT m.id FROM members p CROSS JOIN messages m WHERE p.user_id = $1 AND p.channel_id IN `+in(q, channels)+` AND `+
			ownShown("m", `COALESCE((SELECT x.seq FROM messages x WHERE `+ownShown("x", "p.cleared_seq", t)+` AND +x.id <= $2
				ORDER BY x.seq DESC LIMIT 1 OFFSET $4), p.cleared_seq)`, t)+` AND +m.id <= $2 ORDER BY m.id DESC LIMIT $3`, q.args...)
}

// userMessagesAfter looks only into the channels that have something newer, and
// gives the oldest first.
func (tx *Tx) userMessagesAfter(user chat.UserID, t chat.MessageType, after chat.MessageID, limit int) ([]chat.MessageID, error) {
	return collect(tx, "list a user's newer messages", readID[chat.MessageID],
		`SELECT m.id FROM members p JOIN channels c ON c.id = p.channel_id CROSS JOIN messages m WHERE `+own+` AND c.last_message > $2 AND `+
			ownShown("m", `COALESCE((SELECT x.seq FROM messages x WHERE x.channel_id = p.channel_id AND x.seq > p.cleared_seq AND +x.id <= $2
				ORDER BY x.seq DESC LIMIT 1 OFFSET $4), p.cleared_seq)`, t)+` AND +m.id > $2 ORDER BY m.id LIMIT $3`, int64(user), int64(after), limit, underWay)
}
