-- +goose Up

-- A file that was uploaded. Its bytes are kept under the key, elsewhere. A row
-- belongs to a message (message_id, channel_id) or is a user's display picture
-- (picture_of); or to nothing yet, while its bytes still come in. Those are
-- removed from the time due on, 0 where they stay: a row exists before its
-- first byte and goes after its last, so that no bytes are left behind.
CREATE TABLE files (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    file_key       TEXT   NOT NULL,
    uploader_id    BIGINT NOT NULL,
    channel_id     BIGINT NOT NULL DEFAULT 0,
    message_id     BIGINT NOT NULL DEFAULT 0,
    picture_of     BIGINT NOT NULL DEFAULT 0,
    name           TEXT   NOT NULL,
    content_type   TEXT   NOT NULL,
    size           BIGINT NOT NULL DEFAULT 0,
    created_at     BIGINT NOT NULL,
    due            BIGINT NOT NULL
);
CREATE UNIQUE INDEX files_key ON files (file_key);
CREATE INDEX files_due ON files (due) WHERE due <> 0;
CREATE INDEX files_channel ON files (channel_id) WHERE channel_id <> 0;
CREATE INDEX files_message ON files (message_id) WHERE message_id <> 0;
CREATE INDEX files_picture ON files (picture_of) WHERE picture_of <> 0;

-- What a message shows of its file, as JSON; empty for a text.
ALTER TABLE messages ADD COLUMN file TEXT NOT NULL DEFAULT '';
CREATE INDEX messages_files ON messages (channel_id, seq) WHERE file <> '';
