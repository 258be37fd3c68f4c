-- +goose Up

-- A deleted message keeps its row, without what it said, so that sequence
-- numbers and counts stay explainable.
ALTER TABLE messages ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN edited_at BIGINT NOT NULL DEFAULT 0;
-- parent_id stays where the parent is deleted; level is that of the reply.
ALTER TABLE messages ADD COLUMN parent_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN level BIGINT NOT NULL DEFAULT 0;
-- thread_id is the standalone thread that the message was sent into.
ALTER TABLE messages ADD COLUMN thread_id BIGINT NOT NULL DEFAULT 0;
-- The links and mentions in the body, as JSON.
ALTER TABLE messages ADD COLUMN entities TEXT NOT NULL DEFAULT '';
CREATE INDEX messages_replies ON messages (parent_id, seq) WHERE parent_id <> 0;
CREATE INDEX messages_thread ON messages (thread_id, seq) WHERE thread_id <> 0;
-- What has been deleted is subtracted from what is counted by ordinals.
CREATE INDEX messages_deleted ON messages (channel_id, seq) WHERE deleted_at <> 0;
CREATE INDEX messages_replied_to ON messages (channel_id, parent_id) WHERE parent_id <> 0 AND deleted_at = 0;

-- Messages that a user has deleted for himself.
CREATE TABLE hidden_messages (
    user_id    BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, message_id)
) /* WITHOUT ROWID */;
CREATE INDEX hidden_messages_message ON hidden_messages (message_id);

-- A reaction that was withdrawn keeps its row: the log of events tells of it.
CREATE TABLE reactions (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    message_id     BIGINT NOT NULL,
    user_id        BIGINT NOT NULL,
    emoji          TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    removed_at     BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX reactions_one_each ON reactions (message_id, emoji, user_id) WHERE removed_at = 0;
CREATE INDEX reactions_message ON reactions (message_id);

CREATE TABLE message_reports (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    channel_id     BIGINT NOT NULL,
    message_id     BIGINT NOT NULL,
    user_id        BIGINT NOT NULL,
    reason         TEXT   NOT NULL,
    properties     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX message_reports_message ON message_reports (message_id, id);
CREATE INDEX message_reports_channel ON message_reports (channel_id, message_id);

-- Standalone threads. The main thread of a channel and the replies to a
-- message are threads without a row, by the id of the channel or the message.
CREATE TABLE threads (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    channel_id     BIGINT NOT NULL,
    name           TEXT   NOT NULL,
    properties     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX threads_channel ON threads (channel_id, id);
