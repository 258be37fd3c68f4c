-- +goose Up

-- Up to which event of the log it has been found out who is to be pushed; of the
-- event after it, up to which user.
CREATE TABLE push_progress (
    id       BIGINT PRIMARY KEY,
    position BIGINT NOT NULL,
    user_id  BIGINT NOT NULL
);
INSERT INTO push_progress (id, position, user_id) SELECT 1, head, 0 FROM event_log WHERE id = 1;

-- What is to be pushed: of each channel one to a device, which stands for the
-- messages from first_id to last_id and tells of the newest notification. lane is
-- by whom it is carried. While a node, the holder, sends it, due_at is when the
-- node must have ended; holder is -1 else.
CREATE TABLE pushes (
    device_id       BIGINT NOT NULL,
    channel_id      BIGINT NOT NULL,
    application_id  BIGINT NOT NULL,
    user_id         BIGINT NOT NULL,
    lane            TEXT   NOT NULL,
    notification_id BIGINT NOT NULL,
    first_id        BIGINT NOT NULL,
    last_id         BIGINT NOT NULL,
    attempts        BIGINT NOT NULL DEFAULT 0,
    holder          BIGINT NOT NULL DEFAULT -1,
    due_at          BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (device_id, channel_id)
) /* WITHOUT ROWID */;
CREATE INDEX pushes_lane ON pushes (lane, due_at);
CREATE INDEX pushes_due ON pushes (due_at);
CREATE INDEX pushes_user ON pushes (user_id, channel_id);

-- What providers have answered, word for word. A push that was tried of a test
-- is of no channel.
CREATE TABLE push_attempts (
    id              BIGINT PRIMARY KEY,
    application_id  BIGINT NOT NULL,
    user_id         BIGINT NOT NULL,
    device_id       BIGINT NOT NULL,
    kind            TEXT   NOT NULL,
    channel_id      BIGINT NOT NULL,
    notification_id BIGINT NOT NULL,
    first_id        BIGINT NOT NULL,
    last_id         BIGINT NOT NULL,
    outcome         TEXT   NOT NULL,
    status          BIGINT NOT NULL,
    answer          TEXT   NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX push_attempts_user ON push_attempts (user_id, channel_id, last_id);
CREATE INDEX push_attempts_created ON push_attempts (created_at);
