-- +goose Up

-- Who was invited into a channel, and when last. An invitation is carried out
-- at once; the row only tells of it.
CREATE TABLE channel_invites (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    channel_id     BIGINT NOT NULL,
    user_id        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX channel_invites_user ON channel_invites (channel_id, user_id);
CREATE INDEX channel_invites_invitee ON channel_invites (user_id);

-- Which channels a user session had open, and when. The hub knows it first;
-- the rows follow a moment later, and end with their session at the latest.
CREATE TABLE chat_sessions (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    session_id     BIGINT NOT NULL,
    channel_id     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX chat_sessions_open ON chat_sessions (session_id, channel_id) WHERE ended_at = 0;
CREATE INDEX chat_sessions_application ON chat_sessions (application_id, created_at, id);
CREATE INDEX chat_sessions_channel ON chat_sessions (channel_id);
CREATE INDEX chat_sessions_ended ON chat_sessions (ended_at) WHERE ended_at <> 0;

-- Sessions are listed by their age.
CREATE INDEX user_sessions_application ON user_sessions (application_id, created_at, id);

-- What an application keeps for a user and shows to nobody. The value is
-- sealed with a key that is not in the database.
CREATE TABLE user_secrets (
    user_id        BIGINT NOT NULL,
    name           TEXT   NOT NULL,
    application_id BIGINT NOT NULL,
    value          TEXT   NOT NULL,
    PRIMARY KEY (user_id, name)
) /* WITHOUT ROWID */;

-- Messages are listed across channels, those of one author too: he is found by
-- walking the index, without looking at the messages. An index by author would
-- make that faster, and each message some five percent dearer to write.
CREATE INDEX messages_application ON messages (application_id, id, user_id);
