-- +goose Up

-- Messages are numbered within their channel, without gaps from 1, so that the
-- messages after a position are counted by a subtraction.
ALTER TABLE messages ADD COLUMN ordinal BIGINT NOT NULL DEFAULT 0;

UPDATE messages SET ordinal = o.ordinal
    FROM (SELECT id, row_number() OVER (PARTITION BY channel_id ORDER BY seq) AS ordinal FROM messages) AS o
    WHERE o.id = messages.id;

-- message_count is the ordinal of the channel's newest message. It moves with
-- seq, in the same statement.
ALTER TABLE channels ADD COLUMN message_count BIGINT NOT NULL DEFAULT 0;

UPDATE channels SET message_count = (SELECT count(*) FROM messages WHERE messages.channel_id = channels.id);

-- What a member has read: all up to the message of number read_seq, 0 where he
-- has read nothing. read_ordinal is that message's ordinal; it follows from
-- read_seq and never changes by itself. own_unread is how many messages he has
-- written himself behind the position: counted when the position moves, and
-- moved by each message of his in the transaction that writes it.
ALTER TABLE members ADD COLUMN read_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN read_ordinal BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN own_unread BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN read_at BIGINT NOT NULL DEFAULT 0;

-- Who is a member already starts with everything read.
UPDATE members SET
    read_seq = COALESCE((SELECT max(m.seq) FROM messages m WHERE m.channel_id = members.channel_id), 0),
    read_ordinal = COALESCE((SELECT c.message_count FROM channels c WHERE c.id = members.channel_id), 0),
    read_at = COALESCE((SELECT max(m.created_at) FROM messages m WHERE m.channel_id = members.channel_id), joined_at);

-- Who has read a message.
CREATE INDEX members_position ON members (channel_id, read_seq);
