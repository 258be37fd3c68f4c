package store

import (
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
)

// IsModerator tells whether a user is a member who may manage the channel.
func (tx *Tx) IsModerator(channel chat.ChannelID, user chat.UserID) (bool, error) {
	n, err := tx.count("check moderator", `SELECT count(*) FROM members WHERE channel_id = $1 AND user_id = $2 AND moderator`, int64(channel), int64(user))
	return n > 0, err
}

// SetModerator changes one thing about a membership, as do SetMuted and
// SetHidden, and tells whether it was otherwise before; for who is no member it
// was not.
func (tx *Tx) SetModerator(channel chat.ChannelID, user chat.UserID, on bool) (changed bool, err error) {
	n, err := tx.exec("set moderator", `UPDATE members SET moderator = $3 WHERE channel_id = $1 AND user_id = $2 AND moderator <> $3`, int64(channel), int64(user), on)
	return n > 0, err
}

// SetMuted is like SetModerator. What was notified until now stays as it was.
func (tx *Tx) SetMuted(channel chat.ChannelID, user chat.UserID, on bool) (changed bool, err error) {
	s, err := tx.standing(channel, user)
	if errors.Is(err, ErrNotFound) || (err == nil && s.muted == on) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if s.awayFrom != chatting {
		if err := tx.endAbsence(channel, user, s); err != nil {
			return false, err
		}
		if err := tx.setAwayFrom(channel, user, s.now); err != nil {
			return false, err
		}
	}
	n, err := tx.exec("set muted", `UPDATE members SET muted = $3 WHERE channel_id = $1 AND user_id = $2 AND muted <> $3`, int64(channel), int64(user), on)
	return n > 0, err
}

// SetHidden is like SetModerator.
func (tx *Tx) SetHidden(channel chat.ChannelID, user chat.UserID, on bool) (changed bool, err error) {
	n, err := tx.exec("set hidden", `UPDATE members SET hidden = $3 WHERE channel_id = $1 AND user_id = $2 AND hidden <> $3`, int64(channel), int64(user), on)
	return n > 0, err
}

// Unhide shows a channel again to all who hid it, and tells who they are.
func (tx *Tx) Unhide(channel chat.ChannelID) ([]chat.UserID, error) {
	return collectWritten(tx, "unhide channel", readID[chat.UserID], `UPDATE members SET hidden = FALSE WHERE channel_id = $1 AND user_id IN
		(SELECT h.user_id FROM members h WHERE h.channel_id = $1 AND h.hidden = TRUE) RETURNING user_id`, int64(channel))
}

// Moderators lists the moderators of a channel, by name.
func (tx *Tx) Moderators(channel chat.ChannelID, f chat.UserFilter, r chat.PageRequest) (chat.Page[chat.User], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("m.channel_id = " + q.arg(int64(channel)))
	q.and("m.moderator = TRUE")
	q.and("u.deleted_at = 0")
	if f.DisplayNameContains != "" {
		q.and("u.folded_display LIKE " + q.arg(containing(f.DisplayNameContains)) + ` ESCAPE '\'`)
	}
	return page(tx, listQuery[chat.User]{
		what: "list moderators", columns: userColumns, from: "members m JOIN users u ON u.id = m.user_id", read: readUser,
		order: orderBy(r.Sort, userSort, "u.name", "u.id"),
	}, q, r)
}

// InsertChannelBlock keeps a user out of a channel; ErrDuplicate says that he
// is kept out already.
func (tx *Tx) InsertChannelBlock(app chat.ApplicationID, id int64, channel chat.ChannelID, user chat.UserID) error {
	n, err := tx.exec("insert channel block", `INSERT INTO channel_blocks (id, application_id, channel_id, user_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		id, int64(app), int64(channel), int64(user))
	if err == nil && n == 0 {
		err = ErrDuplicate
	}
	return err
}

// DeleteChannelBlock lets a user in again.
func (tx *Tx) DeleteChannelBlock(id int64) error {
	n, err := tx.exec("delete channel block", `DELETE FROM channel_blocks WHERE id = $1`, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// IsBlockedIn tells whether a user is kept out of a channel.
func (tx *Tx) IsBlockedIn(channel chat.ChannelID, user chat.UserID) (bool, error) {
	n, err := tx.count("check channel block", `SELECT count(*) FROM channel_blocks WHERE channel_id = $1 AND user_id = $2`, int64(channel), int64(user))
	return n > 0, err
}

// BlockedIn tells which of the channels a user is kept out of.
func (tx *Tx) BlockedIn(user chat.UserID, channels []chat.ChannelID) (map[chat.ChannelID]bool, error) {
	q := &sqlText{}
	q.and("user_id = " + q.arg(int64(user)))
	q.and("channel_id IN " + in(q, channels))
	ids, err := collect(tx, "check channel blocks", readID[chat.ChannelID], "SELECT channel_id FROM channel_blocks"+q.conditions(), q.args...)
	found := make(map[chat.ChannelID]bool, len(ids))
	for _, id := range ids {
		found[id] = true
	}
	return found, err
}

const channelBlockColumns = userColumns + `, b.id, b.channel_id`

func readChannelBlock(row scanner) (b chat.ChannelBlock, err error) {
	b.User, err = readUser(withExtra{row, []any{&b.ID, &b.Channel}})
	b.CreatedAt = ident.Time(b.ID)
	return b, err
}

// ChannelBlock finds a block by id; ChannelBlockOf by whom it keeps out.
func (tx *Tx) ChannelBlock(app chat.ApplicationID, id int64) (chat.ChannelBlock, error) {
	b, err := readChannelBlock(tx.row(`SELECT `+channelBlockColumns+` FROM channel_blocks b JOIN users u ON u.id = b.user_id WHERE b.id = $2 AND b.application_id = $3`,
		micros(tx.Now), id, int64(app)))
	return b, tx.wrap("find channel block", err)
}

// ChannelBlockOf finds the block that keeps a user out of a channel.
func (tx *Tx) ChannelBlockOf(channel chat.ChannelID, user chat.UserID) (chat.ChannelBlock, error) {
	b, err := readChannelBlock(tx.row(`SELECT `+channelBlockColumns+` FROM channel_blocks b JOIN users u ON u.id = b.user_id WHERE b.channel_id = $2 AND b.user_id = $3`,
		micros(tx.Now), int64(channel), int64(user)))
	return b, tx.wrap("find channel block", err)
}

// ChannelBlocks lists whom a channel keeps out, the newest block first.
func (tx *Tx) ChannelBlocks(channel chat.ChannelID, f chat.UserFilter, r chat.PageRequest) (chat.Page[chat.ChannelBlock], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("b.channel_id = " + q.arg(int64(channel)))
	if f.DisplayNameContains != "" {
		q.and("u.folded_display LIKE " + q.arg(containing(f.DisplayNameContains)) + ` ESCAPE '\'`)
	}
	return page(tx, listQuery[chat.ChannelBlock]{
		what: "list channel blocks", columns: channelBlockColumns, from: "channel_blocks b JOIN users u ON u.id = b.user_id", read: readChannelBlock,
		order: orderBy(r.Sort, userSort, "b.id DESC", "b.id"),
	}, q, r)
}
