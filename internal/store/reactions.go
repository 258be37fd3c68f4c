package store

import "github.com/purrchat/purr/internal/chat"

// reactionColumns are read from reactions r LEFT JOIN users u; $1 must be the
// present time.
const reactionColumns = userColumns + `, r.id, r.message_id, r.emoji, r.created_at`

const reactionFrom = `reactions r LEFT JOIN users u ON u.id = r.user_id`

func readReaction(row scanner) (r chat.Reaction, err error) {
	var created int64
	u, err := readUser(withExtra{row, []any{&r.ID, &r.Message, &r.Emoji, &created}})
	r.User, r.CreatedAt = &u, fromMicros(created)
	return r, err
}

// InsertReaction adds a reaction; ErrDuplicate says that the user has reacted
// with this emoji before.
func (tx *Tx) InsertReaction(m chat.Message, r chat.Reaction) error {
	n, err := tx.exec("insert reaction", `INSERT INTO reactions (id, application_id, message_id, user_id, emoji, created_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		int64(r.ID), int64(m.Application), int64(m.ID), int64(r.User.ID), r.Emoji, micros(r.CreatedAt))
	if err == nil && n == 0 {
		err = ErrDuplicate
	}
	return err
}

// Reaction finds a user's reaction that has not been withdrawn.
func (tx *Tx) Reaction(message chat.MessageID, user chat.UserID, emoji string) (chat.Reaction, error) {
	r, err := readReaction(tx.row(`SELECT `+reactionColumns+` FROM `+reactionFrom+`
		WHERE r.message_id = $2 AND r.user_id = $3 AND r.emoji = $4 AND r.removed_at = 0`, micros(tx.Now), int64(message), int64(user), emoji))
	return r, tx.wrap("find reaction", err)
}

// WithdrawReaction withdraws a reaction.
func (tx *Tx) WithdrawReaction(id chat.ReactionID) error {
	_, err := tx.exec("withdraw reaction", `UPDATE reactions SET removed_at = $1 WHERE id = $2 AND removed_at = 0`, micros(tx.Now), int64(id))
	return err
}

// Reactions lists the reactions to a message, oldest first.
func (tx *Tx) Reactions(message chat.MessageID, r chat.PageRequest) (chat.Page[chat.Reaction], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("r.message_id = " + q.arg(int64(message)))
	q.and("r.removed_at = 0")
	return page(tx, listQuery[chat.Reaction]{
		what: "list reactions", columns: reactionColumns, from: reactionFrom, read: readReaction, order: " ORDER BY r.id",
	}, q, r)
}

// ReactionsByID finds reactions, withdrawn ones included, by their ids.
func (tx *Tx) ReactionsByID(app chat.ApplicationID, ids []chat.ReactionID) (map[chat.ReactionID]chat.Reaction, error) {
	found := make(map[chat.ReactionID]chat.Reaction, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.arg(micros(tx.Now))
	q.and("r.application_id = " + q.arg(int64(app)))
	q.and("r.id IN " + in(q, ids))
	list, err := collect(tx, "find reactions", readReaction, "SELECT "+reactionColumns+" FROM "+reactionFrom+q.conditions(), q.args...)
	for _, r := range list {
		found[r.ID] = r
	}
	return found, err
}

// completeReactions sums up the reactions to messages in one query.
func (tx *Tx) completeReactions(list []chat.Message) error {
	at := make(map[chat.MessageID]int, len(list))
	ids := make([]chat.MessageID, len(list))
	for i, m := range list {
		at[m.ID], ids[i] = i, m.ID
	}
	q := &sqlText{}
	q.arg(micros(tx.Now))
	q.and("r.message_id IN " + in(q, ids))
	q.and("r.removed_at = 0")
	all, err := collect(tx, "sum up reactions", readReaction,
		"SELECT "+reactionColumns+" FROM "+reactionFrom+q.conditions()+" ORDER BY r.id", q.args...)
	for _, r := range all {
		m := &list[at[r.Message]]
		i := 0
		for i < len(m.Reactions) && m.Reactions[i].Emoji != r.Emoji {
			i++
		}
		if i == len(m.Reactions) {
			m.Reactions = append(m.Reactions, chat.ReactionSummary{Emoji: r.Emoji})
		}
		m.Reactions[i].Users = append(m.Reactions[i].Users, *r.User)
	}
	return err
}
