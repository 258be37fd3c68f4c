-- +goose Up

-- What a member has cleared away for himself: all up to the message of number
-- cleared_seq, whose ordinal is cleared_ordinal; 0 where he never did. Nothing
-- of it is unread: unread messages, own_unread among them, are counted from the
-- later one of this and the read position.
ALTER TABLE members ADD COLUMN cleared_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN cleared_ordinal BIGINT NOT NULL DEFAULT 0;

-- Where a message is that a user has deleted for himself, so that those behind
-- a position are found without looking at all of them.
ALTER TABLE hidden_messages ADD COLUMN channel_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hidden_messages ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;

UPDATE hidden_messages SET channel_id = m.channel_id, seq = m.seq FROM messages m WHERE m.id = hidden_messages.message_id;

CREATE INDEX hidden_messages_channel ON hidden_messages (user_id, channel_id, seq);

-- Who blocks users has their messages behind a position counted: with the
-- author in the index, without reading the messages.
DROP INDEX messages_channel;
CREATE UNIQUE INDEX messages_channel ON messages (channel_id, seq, user_id);
