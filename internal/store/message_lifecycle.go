package store

import (
	"encoding/json"
	"fmt"

	"github.com/purrchat/purr/internal/chat"
)

// lifecycleColumns are those of a message that came after the first of them.
// A parent that has been deleted is none. Replies are counted through their
// index, so that the count is exact whatever has been deleted.
const lifecycleColumns = `, m.edited_at, m.level, m.thread_id, m.entities,
	COALESCE((SELECT p.id FROM messages p WHERE p.id = m.parent_id AND p.deleted_at = 0), 0),
	(SELECT count(*) FROM messages r WHERE r.parent_id = m.id AND r.parent_id <> 0 AND r.deleted_at = 0)`

// lifecycle is where the lifecycleColumns go that are stored in another form
// than a message has.
type lifecycle struct {
	edited   int64
	entities string
}

func (l *lifecycle) fields(m *chat.Message) []any {
	return []any{&l.edited, &m.Level, &m.Thread, &l.entities, &m.Parent, &m.Replies}
}

func (l *lifecycle) fill(m *chat.Message) error {
	m.EditedAt = fromMicros(l.edited)
	if l.entities == "" {
		return nil
	}
	var stored []entity
	if err := json.Unmarshal([]byte(l.entities), &stored); err != nil {
		return fmt.Errorf("entities of message %d: %w", m.ID, err)
	}
	for _, e := range stored {
		span := chat.Span{Start: e.Start, End: e.End, Text: e.Text}
		switch {
		case e.User != 0:
			m.Mentions = append(m.Mentions, chat.Mention{Span: span, User: &chat.User{ID: e.User}})
		case e.Channel != 0:
			m.Mentions = append(m.Mentions, chat.Mention{Span: span, Channel: &chat.Channel{ID: e.Channel}})
		default:
			m.Links = append(m.Links, chat.MessageLink{Span: span, Preview: (*chat.LinkPreview)(e.Preview)})
		}
	}
	return nil
}

// entity is the stored form of a mention or, with neither user nor channel, of
// a link.
type entity struct {
	Start   int            `json:"s"`
	End     int            `json:"e"`
	Text    string         `json:"t"`
	User    chat.UserID    `json:"u,omitempty"`
	Channel chat.ChannelID `json:"c,omitempty"`
	Preview *preview       `json:"p,omitempty"`
}

// preview is the stored form of a link's preview.
type preview struct {
	URL         string `json:"u"`
	Title       string `json:"t"`
	Image       string `json:"i"`
	Description string `json:"d,omitempty"`
	SiteName    string `json:"n,omitempty"`
}

func storeEntities(m chat.Message) string {
	if len(m.Links) == 0 && len(m.Mentions) == 0 {
		return ""
	}
	var list []entity
	for _, l := range m.Links {
		list = append(list, entity{Start: l.Start, End: l.End, Text: l.Text, Preview: (*preview)(l.Preview)})
	}
	for _, x := range m.Mentions {
		e := entity{Start: x.Start, End: x.End, Text: x.Text}
		if x.User != nil {
			e.User = x.User.ID
		} else {
			e.Channel = x.Channel.ID
		}
		list = append(list, e)
	}
	text, _ := json.Marshal(list) // numbers and texts always can be
	return string(text)
}

// completeMessages loads what messages show besides their own row: reactions,
// and the users and channels that they mention. It takes a bounded number of
// queries, however many messages there are.
func (tx *Tx) completeMessages(app chat.ApplicationID, list []chat.Message) error {
	if len(list) == 0 {
		return nil
	}
	if err := tx.completeReactions(list); err != nil {
		return err
	}
	return tx.completeMentions(app, list)
}

func (tx *Tx) completeMentions(app chat.ApplicationID, list []chat.Message) error {
	var userIDs []chat.UserID
	var channelIDs []chat.ChannelID
	for _, m := range list {
		for _, x := range m.Mentions {
			if x.User != nil {
				userIDs = append(userIDs, x.User.ID)
			} else {
				channelIDs = append(channelIDs, x.Channel.ID)
			}
		}
	}
	users, err := tx.UsersByID(app, userIDs)
	if err != nil {
		return err
	}
	channels, err := tx.ChannelsByID(app, channelIDs)
	if err != nil {
		return err
	}
	if err := tx.bareChannels(app, channels); err != nil {
		return err
	}
	byID := map[chat.ChannelID]*chat.Channel{}
	for i := range channels {
		byID[channels[i].ID] = &channels[i]
	}
	for i := range list {
		kept := list[i].Mentions[:0]
		for _, x := range list[i].Mentions {
			if x.User != nil {
				u, ok := users[x.User.ID]
				if !ok {
					continue
				}
				x.User = &u
			} else if x.Channel = byID[x.Channel.ID]; x.Channel == nil {
				continue // purged since
			}
			kept = append(kept, x)
		}
		list[i].Mentions = kept
	}
	return nil
}

// bareChannels makes channels what a mention shows of them.
func (tx *Tx) bareChannels(app chat.ApplicationID, channels []chat.Channel) error {
	for i := range channels {
		channels[i].LastMessage, channels[i].Seq = nil, 0
	}
	return tx.completeCreators(app, channels)
}

// UsersByName finds living users by their names.
func (tx *Tx) UsersByName(app chat.ApplicationID, names []string) (map[string]chat.User, error) {
	found := map[string]chat.User{}
	if len(names) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.arg(micros(tx.Now))
	q.and("u.application_id = " + q.arg(int64(app)))
	q.and("u.name IN " + inTexts(q, names))
	q.and("u.deleted_at = 0")
	users, err := collect(tx, "find users by name", readUser, "SELECT "+userColumns+" FROM users u"+q.conditions(), q.args...)
	for _, u := range users {
		found[u.Name] = u
	}
	return found, err
}

// ChannelsByName finds public and private channels by their names, as a mention
// shows them.
func (tx *Tx) ChannelsByName(app chat.ApplicationID, names []string) (map[string]chat.Channel, error) {
	found := map[string]chat.Channel{}
	if len(names) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.and("c.application_id = " + q.arg(int64(app)))
	q.and("c.name IN " + inTexts(q, names))
	q.and("c.name <> '' AND c.deleted_at = 0")
	list, err := collect(tx, "find channels by name", readChannel, "SELECT "+channelColumns+" FROM channels c"+q.conditions(), q.args...)
	if err != nil {
		return nil, err
	}
	err = tx.bareChannels(app, list)
	for _, c := range list {
		found[c.Name] = c
	}
	return found, err
}

// inTexts is in for texts.
func inTexts(q *sqlText, texts []string) string {
	size := 1
	for size < len(texts) {
		size *= 2
	}
	list := "("
	for i := range size {
		if i > 0 {
			list += ", "
		}
		list += q.arg(texts[min(i, len(texts)-1)])
	}
	return list + ")"
}

// UpdateMessage writes a message's body, with what was found in it, and its
// properties.
func (tx *Tx) UpdateMessage(m chat.Message) error {
	n, err := tx.exec("update message", `UPDATE messages SET body = $1, properties = $2, entities = $3, edited_at = $4
		WHERE id = $5 AND application_id = $6 AND deleted_at = 0`,
		m.Body, string(m.Properties), storeEntities(m), micros(m.EditedAt), int64(m.ID), int64(m.Application))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// DeleteMessage wipes a message and makes it disappear; its channel shows the
// newest of those that are left.
func (tx *Tx) DeleteMessage(m chat.Message) error {
	n, err := tx.exec("delete message", `UPDATE messages SET deleted_at = $1, body = '', properties = '', group_tag = '', entities = ''
		WHERE id = $2 AND application_id = $3 AND deleted_at = 0`, micros(tx.Now), int64(m.ID), int64(m.Application))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	if _, err := tx.exec("delete reactions", `UPDATE reactions SET removed_at = $1 WHERE message_id = $2 AND removed_at = 0`,
		micros(tx.Now), int64(m.ID)); err != nil {
		return err
	}
	_, err = tx.exec("show the newest message", `UPDATE channels SET last_message = COALESCE(
		(SELECT m.id FROM messages m WHERE m.channel_id = $1 AND m.deleted_at = 0 ORDER BY m.seq DESC LIMIT 1), 0)
		WHERE id = $1 AND last_message = $2`, int64(m.Channel), int64(m.ID))
	return err
}

// ParentOf is the message that another one answers, be it deleted, and zero for
// what answers none.
func (tx *Tx) ParentOf(reply chat.MessageID) (chat.MessageID, error) {
	id, err := tx.count("find parent", `SELECT parent_id FROM messages WHERE id = $1`, int64(reply))
	return chat.MessageID(id), err
}

// RemainsByID finds what is left of messages, deleted ones included, as those
// are told of that heard of their deletion.
func (tx *Tx) RemainsByID(app chat.ApplicationID, ids []chat.MessageID) (map[chat.MessageID]chat.Message, error) {
	found := make(map[chat.MessageID]chat.Message, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.arg(micros(tx.Now))
	q.and("m.application_id = " + q.arg(int64(app)))
	q.and("m.id IN " + in(q, ids))
	list, err := collect(tx, "find remains of messages", readMessage, `SELECT `+messageColumns+messageFrom+q.conditions(), q.args...)
	for _, m := range list {
		found[m.ID] = m.Remains()
	}
	return found, err
}

// HideMessage deletes a message for one user; ErrDuplicate says that he has
// done so before.
func (tx *Tx) HideMessage(m chat.Message, user chat.UserID) error {
	n, err := tx.exec("hide message", `INSERT INTO hidden_messages (user_id, message_id, channel_id, seq) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		int64(user), int64(m.ID), int64(m.Channel), int64(m.Seq))
	if err == nil && n == 0 {
		err = ErrDuplicate
	}
	return err
}

// MessagesBetween lists up to limit identifiers of an application's messages
// that lie between two, oldest first.
func (tx *Tx) MessagesBetween(app chat.ApplicationID, after, before chat.MessageID, limit int) ([]chat.MessageID, error) {
	return collect(tx, "list messages", readID[chat.MessageID],
		`SELECT id FROM messages WHERE application_id = $1 AND id > $2 AND id < $3 AND deleted_at = 0 ORDER BY id LIMIT $4`,
		int64(app), int64(after), int64(before), limit)
}

// purgeLifecycle removes what hangs on the first messages of a deleted channel,
// which are about to go.
func (tx *Tx) purgeLifecycle(id chat.ChannelID, limit int) error {
	for _, table := range []string{"hidden_messages", "reactions", "message_reports", "notices"} {
		if _, err := tx.exec("purge "+table, `DELETE FROM `+table+` WHERE message_id IN
			(SELECT id FROM messages WHERE channel_id = $1 ORDER BY seq LIMIT $2)`, int64(id), limit); err != nil {
			return err
		}
	}
	if _, err := tx.exec("purge the search index", `DELETE FROM search_index WHERE rowid IN
		(SELECT id FROM messages WHERE channel_id = $1 ORDER BY seq LIMIT $2)`, int64(id), limit); err != nil {
		return err
	}
	_, err := tx.exec("purge threads", `DELETE FROM threads WHERE channel_id = $1`, int64(id))
	return err
}
