-- +goose Up

-- Since which number of the channel a member has had no chat session there, -1
-- while he has one: messages after it are notifications to him. joined_position
-- is the place of his joining in the log, which orders it among what happens in
-- other channels.
ALTER TABLE members ADD COLUMN away_from BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN joined_position BIGINT NOT NULL DEFAULT 0;

-- Nobody is notified of what was said before.
UPDATE members SET away_from = COALESCE((SELECT c.seq FROM channels c WHERE c.id = members.channel_id), 0);

-- What was imported is history: it is nobody's notification.
ALTER TABLE messages ADD COLUMN history BOOLEAN NOT NULL DEFAULT FALSE;

-- The stretches before that in which he had none, but for those in which
-- nothing was said: after from_seq, up to to_seq. muted is how it was then.
CREATE TABLE absences (
    user_id    BIGINT  NOT NULL,
    channel_id BIGINT  NOT NULL,
    from_seq   BIGINT  NOT NULL,
    to_seq     BIGINT  NOT NULL,
    muted      BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, channel_id, from_seq)
) /* WITHOUT ROWID */;

-- Replies and mentions that somebody is told of: user_id or, where that is 0,
-- the members of the channel mentioned_id.
CREATE TABLE notices (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT  NOT NULL,
    type           TEXT    NOT NULL,
    message_id     BIGINT  NOT NULL,
    channel_id     BIGINT  NOT NULL,
    user_id        BIGINT  NOT NULL,
    mentioned_id   BIGINT  NOT NULL,
    parent_id      BIGINT  NOT NULL,
    member         BOOLEAN NOT NULL,
    muted          BOOLEAN NOT NULL,
    position       BIGINT  NOT NULL
);
CREATE INDEX notices_user ON notices (user_id, id) WHERE user_id <> 0;
CREATE INDEX notices_mentioned ON notices (mentioned_id, id) WHERE mentioned_id <> 0;
CREATE INDEX notices_message ON notices (message_id);

-- Notifications that were read by themselves, not with their message.
CREATE TABLE read_notifications (
    user_id         BIGINT NOT NULL,
    notification_id BIGINT NOT NULL,
    read_at         BIGINT NOT NULL,
    PRIMARY KEY (user_id, notification_id)
) /* WITHOUT ROWID */;
