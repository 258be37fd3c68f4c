-- +goose Up

-- What a membership carries besides being one: the right to manage the
-- channel, and what the member wants to hear and see of it.
ALTER TABLE members ADD COLUMN moderator BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE members ADD COLUMN muted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE members ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX members_moderators ON members (channel_id) WHERE moderator;
-- The few who hid a channel are found without looking at its other members.
CREATE INDEX members_hidden ON members (channel_id) WHERE hidden;

-- Who may not come back into a channel. The time of a block is in its id.
CREATE TABLE channel_blocks (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    channel_id     BIGINT NOT NULL,
    user_id        BIGINT NOT NULL
);
CREATE UNIQUE INDEX channel_blocks_user ON channel_blocks (channel_id, user_id);

-- Which users a user wants to hear nothing of.
CREATE TABLE user_blocks (
    user_id    BIGINT NOT NULL,
    blocked_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) /* WITHOUT ROWID */;
CREATE INDEX user_blocks_blocked ON user_blocks (blocked_id, user_id);

-- What an event says that is kept nowhere else.
ALTER TABLE events ADD COLUMN data TEXT NOT NULL DEFAULT '';
