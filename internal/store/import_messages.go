package store

import (
	"slices"

	"github.com/purrchat/purr/internal/chat"
)

// ImportMessages writes messages that are news to nobody, in the order given:
// no event tells of them. It gives each its number; their channels must be
// there. A member who had read everything in a channel has read them too, since
// they are history; to anybody else they are unread like all that follow his
// position. It takes a few statements for each channel, and one for several
// messages.
func (tx *Tx) ImportMessages(app chat.ApplicationID, list []chat.Message) error {
	if len(list) == 0 {
		return nil
	}
	byChannel := map[chat.ChannelID][]int{}
	var channels []chat.ChannelID
	for i, m := range list {
		if byChannel[m.Channel] == nil {
			channels = append(channels, m.Channel)
		}
		byChannel[m.Channel] = append(byChannel[m.Channel], i)
	}
	slices.Sort(channels) // as other writers of several channels would lock them
	ordinals := make([]int64, len(list))
	for _, c := range channels {
		if err := tx.importInto(app, c, list, byChannel[c], ordinals); err != nil {
			return err
		}
	}
	rows := make([][]any, len(list))
	for i, m := range list {
		rows[i] = []any{
			int64(m.ID), int64(m.Application), int64(m.Channel), int64(m.Seq), string(m.Type), int64(authorOf(m)), m.Body, m.GroupTag,
			string(m.Properties), micros(m.CreatedAt), formatFile(m.File), int64(m.Parent), m.Level, int64(m.Thread), storeEntities(m), ordinals[i], true,
		}
	}
	// Identifiers of one generator grow, so this is all of them and little else.
	if err := tx.IndexLater(list[0].ID, list[len(list)-1].ID); err != nil {
		return err
	}
	return tx.insertRows("import messages", `messages (id, application_id, channel_id, seq, type, user_id, body, group_tag, properties, created_at,
		file, parent_id, level, thread_id, entities, ordinal, history)`, rows)
}

func authorOf(m chat.Message) chat.UserID {
	if m.User == nil {
		return 0
	}
	return m.User.ID
}

// importInto numbers the messages of one channel, which are at the given places
// of list, and moves what goes by these numbers.
func (tx *Tx) importInto(app chat.ApplicationID, channel chat.ChannelID, list []chat.Message, places []int, ordinals []int64) error {
	n := int64(len(places))
	var seq, count int64
	err := tx.row(`SELECT seq, message_count FROM channels WHERE id = $1 AND application_id = $2`, int64(channel), int64(app)).Scan(&seq, &count)
	if err != nil {
		return tx.wrap("find channel of an import", err)
	}
	for i, place := range places {
		list[place].Seq, ordinals[place] = chat.Seq(seq+int64(i)+1), count+int64(i)+1
	}
	if _, err := tx.exec("read imported messages", `UPDATE members AS m SET read_seq = $2, read_ordinal = $3, own_unread = 0
		FROM channels c WHERE c.id = $1 AND m.channel_id = c.id AND `+unreadCount()+` = 0`, int64(channel), seq+n, count+n); err != nil {
		return err
	}
	if _, err := tx.exec("number imported messages", `UPDATE channels SET seq = $2, message_count = $3, last_message = $4 WHERE id = $1`,
		int64(channel), seq+n, count+n, int64(list[places[len(places)-1]].ID)); err != nil {
		return err
	}
	behind, err := tx.count("find members with unread messages", `SELECT count(*) FROM (SELECT 1 AS one FROM members WHERE channel_id = $1 AND read_seq < $2 LIMIT 1) x`,
		int64(channel), seq+n)
	if err != nil || behind == 0 {
		return err
	}
	own := map[chat.UserID]int64{}
	for _, place := range places {
		if author := authorOf(list[place]); author != 0 {
			own[author]++
		}
	}
	for author, messages := range own {
		if _, err := tx.exec("count a member's own messages", `UPDATE members SET own_unread = own_unread + $3 WHERE channel_id = $1 AND user_id = $2 AND read_seq < $4`,
			int64(channel), int64(author), messages, seq+n); err != nil {
			return err
		}
	}
	return nil
}

// LivingChannels tells which of the channels there are in an application.
func (tx *Tx) LivingChannels(app chat.ApplicationID, ids []chat.ChannelID) (map[chat.ChannelID]bool, error) {
	found := make(map[chat.ChannelID]bool, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.and("application_id = " + q.arg(int64(app)))
	q.and("id IN " + in(q, ids))
	q.and("deleted_at = 0")
	list, err := collect(tx, "find channels", readID[chat.ChannelID], "SELECT id FROM channels"+q.conditions(), q.args...)
	for _, id := range list {
		found[id] = true
	}
	return found, err
}
