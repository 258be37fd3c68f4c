-- +goose Up

-- Messages are numbered within their channel, and within their channel by
-- author, both without gaps from 1, so that the messages after a position, and
-- a user's own among them, are counted by a subtraction. A system message has
-- no author to be numbered by.
ALTER TABLE messages ADD COLUMN ordinal BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN author_ordinal BIGINT NOT NULL DEFAULT 0;

UPDATE messages SET ordinal = o.ordinal, author_ordinal = CASE WHEN messages.user_id = 0 THEN 0 ELSE o.author_ordinal END
    FROM (SELECT id,
            row_number() OVER (PARTITION BY channel_id ORDER BY seq) AS ordinal,
            row_number() OVER (PARTITION BY channel_id, user_id ORDER BY seq) AS author_ordinal
          FROM messages) AS o
    WHERE o.id = messages.id;

CREATE INDEX messages_author ON messages (channel_id, user_id, seq, author_ordinal);

-- message_count is the ordinal of the channel's newest message. It moves with
-- seq, in the same statement.
ALTER TABLE channels ADD COLUMN message_count BIGINT NOT NULL DEFAULT 0;

UPDATE channels SET message_count = (SELECT count(*) FROM messages WHERE messages.channel_id = channels.id);

-- What a member has read: all up to the message of number read_seq, 0 where he
-- has read nothing. read_ordinal is that message's ordinal, read_own the author
-- ordinal of the member's own newest message up to there; both follow from
-- read_seq and never change by themselves.
ALTER TABLE members ADD COLUMN read_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN read_ordinal BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN read_own BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN read_at BIGINT NOT NULL DEFAULT 0;

-- Who is a member already starts with everything read.
UPDATE members SET
    read_seq = COALESCE((SELECT max(m.seq) FROM messages m WHERE m.channel_id = members.channel_id), 0),
    read_ordinal = COALESCE((SELECT c.message_count FROM channels c WHERE c.id = members.channel_id), 0),
    read_own = COALESCE((SELECT max(m.author_ordinal) FROM messages m WHERE m.channel_id = members.channel_id AND m.user_id = members.user_id), 0),
    read_at = COALESCE((SELECT max(m.created_at) FROM messages m WHERE m.channel_id = members.channel_id), joined_at);

-- A user's unread counts are answered from this index and the channels alone.
DROP INDEX members_user;
CREATE INDEX members_user ON members (user_id, channel_id, read_seq, read_ordinal, read_own);

-- Who has read a message.
CREATE INDEX members_position ON members (channel_id, read_seq);
