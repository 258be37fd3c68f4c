package store

import (
	"github.com/purrchat/purr/internal/chat"
)

const channelColumns = `c.id, c.application_id, c.type, c.name, c.display_name, c.creator_id, c.properties, c.created_at, c.seq, c.last_message`

// readChannel reads a channel with its Creator and LastMessage as bare
// identifiers, which Complete turns into the real things.
func readChannel(row scanner) (c chat.Channel, err error) {
	var creator chat.UserID
	var last chat.MessageID
	var created int64
	err = row.Scan(&c.ID, &c.Application, &c.Type, &c.Name, &c.DisplayName, &creator, &c.Properties, &created, &c.Seq, &last)
	c.CreatedAt = fromMicros(created)
	if creator != 0 {
		c.Creator = &chat.User{ID: creator}
	}
	if last != 0 {
		c.LastMessage = &chat.Message{ID: last}
	}
	return c, err
}

// InsertChannel adds a channel. ErrDuplicate is returned where its name, or
// its set of direct members, is taken.
func (tx *Tx) InsertChannel(c chat.Channel, directKey string) error {
	var creator chat.UserID
	if c.Creator != nil {
		creator = c.Creator.ID
	}
	n, err := tx.exec("insert channel", `INSERT INTO channels (id, application_id, type, name, display_name, creator_id, properties, direct_key, created_at, folded_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		int64(c.ID), int64(c.Application), string(c.Type), c.Name, c.DisplayName, int64(creator), string(c.Properties), directKey, micros(c.CreatedAt), chat.Fold(c.Name))
	if err == nil && n == 0 {
		err = ErrDuplicate
	}
	return err
}

// Channel finds a channel by id. Its Creator and LastMessage are bare
// identifiers until Complete.
func (tx *Tx) Channel(app chat.ApplicationID, id chat.ChannelID) (chat.Channel, error) {
	c, err := readChannel(tx.row(`SELECT `+channelColumns+` FROM channels c WHERE c.id = $1 AND c.application_id = $2 AND c.deleted_at = 0`, int64(id), int64(app)))
	return c, tx.wrap("find channel", err)
}

// Post is what a message needs to know before it is written.
type Post struct {
	// Channel has its identifier, application and type.
	Channel chat.Channel
	// Author is the user who writes, the zero User where he is not there or
	// nobody was named; Member tells whether he is a member.
	Author chat.User
	Member bool
	// AuthorBlocks tells that the author blocks users or is blocked by some.
	AuthorBlocks bool
	// Hidden tells that members have hidden the channel.
	Hidden bool
	// Newest is the channel's newest message, zero where there is none.
	Newest chat.MessageID
	// ParentAuthor is who wrote the message that is replied to, zero where that
	// is nobody. The caller adds him.
	ParentAuthor chat.UserID
}

// ChannelForPost finds in one query what a message needs, since most messages
// need no other.
func (tx *Tx) ChannelForPost(app chat.ApplicationID, channel chat.ChannelID, user chat.UserID) (p Post, err error) {
	row := tx.row(`SELECT `+userColumns+`, c.type, c.last_message,
			EXISTS (SELECT 1 FROM members m WHERE m.channel_id = c.id AND m.user_id = $3),
			EXISTS (SELECT 1 FROM members h WHERE h.channel_id = c.id AND h.hidden = TRUE),
			c.type = 'DIRECT' AND (EXISTS (SELECT 1 FROM user_blocks b WHERE b.user_id = $3)
				OR EXISTS (SELECT 1 FROM user_blocks b WHERE b.blocked_id = $3))
		FROM channels c LEFT JOIN users u ON u.id = $3 AND u.application_id = $4 AND u.deleted_at = 0
		WHERE c.id = $2 AND c.application_id = $4 AND c.deleted_at = 0`, micros(tx.Now), int64(channel), int64(user), int64(app))
	p.Channel.ID, p.Channel.Application = channel, app
	p.Author, err = readUser(withExtra{row, []any{&p.Channel.Type, &p.Newest, &p.Member, &p.Hidden, &p.AuthorBlocks}})
	return p, tx.wrap("find channel for a message", err)
}

// ChannelsByID finds channels, deleted ones included, by their ids.
func (tx *Tx) ChannelsByID(app chat.ApplicationID, ids []chat.ChannelID) ([]chat.Channel, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	q := &sqlText{}
	q.and("c.application_id = " + q.arg(int64(app)))
	q.and("c.id IN " + in(q, ids))
	return collect(tx, "find channels", readChannel, "SELECT "+channelColumns+" FROM channels c"+q.conditions(), q.args...)
}

// ChannelByName finds a public or private channel by name.
func (tx *Tx) ChannelByName(app chat.ApplicationID, name string) (chat.Channel, error) {
	c, err := readChannel(tx.row(`SELECT `+channelColumns+` FROM channels c
		WHERE c.application_id = $1 AND c.name = $2 AND c.name <> '' AND c.deleted_at = 0`, int64(app), name))
	return c, tx.wrap("find channel by name", err)
}

// DirectChannel finds the direct channel of a set of members.
func (tx *Tx) DirectChannel(app chat.ApplicationID, key string) (chat.Channel, error) {
	c, err := readChannel(tx.row(`SELECT `+channelColumns+` FROM channels c
		WHERE c.application_id = $1 AND c.direct_key = $2 AND c.direct_key <> '' AND c.deleted_at = 0`, int64(app), key))
	return c, tx.wrap("find direct channel", err)
}

var channelSort = map[string]string{ //nolint:gochecknoglobals // a constant table
	"id": "c.id", "name": "c.name", "displayName": "c.display_name", "createdTime": "c.created_at",
	"lastReceivedMessage.createdTime": "c.last_message",
	"activity":                        "CASE WHEN c.last_message > c.id THEN c.last_message ELSE c.id END",
}

// channelsOfMember walks a user's memberships. SQLite keeps the order of a CROSS
// JOIN; left to itself it would now and then walk all channels of the
// application, and look for the user in each.
const channelsOfMember = "members m CROSS JOIN channels c"

// Channels lists channels, oldest first unless the request sorts them. The
// property "activity" stands for the newest message or, without one, the
// creation; identifiers grow with time, so they order both.
func (tx *Tx) Channels(app chat.ApplicationID, f chat.ChannelFilter, r chat.PageRequest) (chat.Page[chat.Channel], error) {
	q := &sqlText{}
	q.and("c.application_id = " + q.arg(int64(app)))
	q.and("c.deleted_at = 0")
	from := "channels c"
	if f.Viewer != 0 {
		viewer := q.arg(int64(f.Viewer))
		joined := "EXISTS (SELECT 1 FROM members m WHERE m.channel_id = c.id AND m.user_id = " + viewer + " AND NOT m.hidden)"
		switch {
		case f.Unread:
			from = channelsOfMember
			q.and("c.id = m.channel_id AND m.user_id = " + viewer + " AND NOT m.hidden")
			q.and(unreadCount() + " > 0")
		case f.Joined == nil:
			q.and("(c.type = 'PUBLIC' OR " + joined + ")")
		case *f.Joined:
			from = channelsOfMember
			q.and("c.id = m.channel_id AND m.user_id = " + viewer + " AND NOT m.hidden")
		default:
			q.and("c.type = 'PUBLIC' AND NOT " + joined)
			q.and("NOT EXISTS (SELECT 1 FROM channel_blocks b WHERE b.channel_id = c.id AND b.user_id = " + viewer + ")")
		}
	}
	if f.Name != "" {
		q.and("c.name = " + q.arg(f.Name))
	}
	if f.NameContains != "" {
		q.and("c.folded_name LIKE " + q.arg(containing(f.NameContains)) + ` ESCAPE '\'`)
	}
	if f.Type != "" {
		q.and("c.type = " + q.arg(string(f.Type)))
	}
	for _, name := range f.Members {
		q.and("EXISTS (SELECT 1 FROM members o JOIN users u ON u.id = o.user_id WHERE o.channel_id = c.id AND u.name = " + q.arg(name) + " AND u.deleted_at = 0)")
	}
	if !f.From.IsZero() {
		q.and("c.created_at >= " + q.arg(micros(f.From)))
	}
	if !f.To.IsZero() {
		q.and("c.created_at <= " + q.arg(micros(f.To)))
	}
	havingProperties(q, "c.properties", f.Properties)
	l := listQuery[chat.Channel]{
		what: "list channels", columns: channelColumns, from: from, read: readChannel, order: orderBy(r.Sort, channelSort, "", "c.id"),
	}
	if f.Properties != "" {
		l.keep = func(c chat.Channel) bool { return c.Properties.Contains(f.Properties) }
	}
	return page(tx, l, q, r)
}

// UpdateChannel writes a channel's display name and properties.
func (tx *Tx) UpdateChannel(c chat.Channel) error {
	n, err := tx.exec("update channel", `UPDATE channels SET display_name = $1, properties = $2 WHERE id = $3 AND application_id = $4 AND deleted_at = 0`,
		c.DisplayName, string(c.Properties), int64(c.ID), int64(c.Application))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// DeleteChannel makes a channel invisible and frees its name; PurgeChannel
// removes what it held.
func (tx *Tx) DeleteChannel(app chat.ApplicationID, id chat.ChannelID) error {
	n, err := tx.exec("delete channel", `UPDATE channels SET deleted_at = $1 WHERE id = $2 AND application_id = $3 AND deleted_at = 0`,
		micros(tx.Now), int64(id), int64(app))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// PurgeChannel removes up to limit members, and as many messages, blocks,
// invitations and chat sessions, of a deleted channel, lets go of as many files,
// and tells whether anything is left.
func (tx *Tx) PurgeChannel(id chat.ChannelID, limit int) (more bool, err error) {
	if err := tx.purgeLifecycle(id, limit); err != nil {
		return false, err
	}
	messages, err := tx.exec("purge messages", `DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE channel_id = $1 ORDER BY seq LIMIT $2)`, int64(id), limit)
	if err != nil {
		return false, err
	}
	if err := tx.purgeAttendance(id, limit); err != nil {
		return false, err
	}
	members, err := tx.exec("purge members", `DELETE FROM members WHERE channel_id = $1 AND user_id IN
		(SELECT user_id FROM members WHERE channel_id = $1 ORDER BY user_id LIMIT $2)`, int64(id), limit)
	if err != nil {
		return false, err
	}
	more = messages == int64(limit) || members == int64(limit)
	for _, table := range []string{"channel_blocks", "channel_invites", "chat_sessions"} {
		n, err := tx.exec("purge "+table, `DELETE FROM `+table+` WHERE id IN (SELECT id FROM `+table+` WHERE channel_id = $1 LIMIT $2)`, int64(id), limit)
		if err != nil {
			return false, err
		}
		more = more || n == int64(limit)
	}
	files, err := tx.ReleaseChannelFiles(id, limit)
	return more || files == int64(limit), err
}

// Complete loads what channels show besides their own row: creators, the
// members of direct channels, the newest messages. It takes a bounded number
// of queries, however many channels there are.
func (tx *Tx) Complete(app chat.ApplicationID, channels []chat.Channel) error {
	if err := tx.completeCreators(app, channels); err != nil {
		return err
	}
	if err := tx.completeDirectMembers(channels); err != nil {
		return err
	}
	return tx.completeLastMessages(app, channels)
}

func (tx *Tx) completeCreators(app chat.ApplicationID, channels []chat.Channel) error {
	var ids []chat.UserID
	for _, c := range channels {
		if c.Creator != nil {
			ids = append(ids, c.Creator.ID)
		}
	}
	users, err := tx.UsersByID(app, ids)
	if err != nil {
		return err
	}
	for i := range channels {
		c := &channels[i]
		if c.Creator == nil {
			continue
		}
		if u, ok := users[c.Creator.ID]; ok {
			c.Creator = &u
		} else {
			c.Creator = nil
		}
	}
	return nil
}

func (tx *Tx) completeDirectMembers(channels []chat.Channel) error {
	at := map[chat.ChannelID]int{}
	var ids []chat.ChannelID
	for i, c := range channels {
		if c.Type == chat.Direct {
			at[c.ID] = i
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	q := &sqlText{}
	q.arg(micros(tx.Now))
	q.and("m.channel_id IN " + in(q, ids))
	type member struct {
		channel chat.ChannelID
		user    chat.User
	}
	members, err := collect(tx, "find direct members", func(row scanner) (m member, err error) {
		m.user, err = readUser(withExtra{row, []any{&m.channel}})
		return m, err
	}, "SELECT "+userColumns+", m.channel_id FROM members m JOIN users u ON u.id = m.user_id"+q.conditions()+" ORDER BY u.name, u.id", q.args...)
	for _, m := range members {
		c := &channels[at[m.channel]]
		c.Members = append(c.Members, m.user)
	}
	return err
}

func (tx *Tx) completeLastMessages(app chat.ApplicationID, channels []chat.Channel) error {
	var ids []chat.MessageID
	for _, c := range channels {
		if c.LastMessage != nil {
			ids = append(ids, c.LastMessage.ID)
		}
	}
	messages, err := tx.MessagesByID(app, ids)
	if err != nil {
		return err
	}
	for i := range channels {
		c := &channels[i]
		if c.LastMessage == nil {
			continue
		}
		if m, ok := messages[c.LastMessage.ID]; ok {
			c.LastMessage = &m
		} else {
			c.LastMessage = nil
		}
	}
	return nil
}
