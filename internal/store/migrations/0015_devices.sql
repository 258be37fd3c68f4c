-- +goose Up

-- Where users are reached who are not there. The address of a device is its
-- endpoint or token: whoever registered it last has it.
CREATE TABLE devices (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    user_id        BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    address        TEXT   NOT NULL,
    p256dh         TEXT   NOT NULL,
    auth           TEXT   NOT NULL,
    topic          TEXT   NOT NULL,
    environment    TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    registered_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX devices_address ON devices (application_id, kind, address);
CREATE INDEX devices_user ON devices (user_id, id);
CREATE INDEX devices_application ON devices (application_id, user_id);

-- What providers know an application by. secret is sealed with a key that is
-- not in the database; shown is JSON without secrets.
CREATE TABLE push_credentials (
    application_id BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    shown          TEXT   NOT NULL,
    secret         TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (application_id, kind)
) /* WITHOUT ROWID */;

-- When users want to be left alone, in minutes since midnight.
CREATE TABLE quiet_hours (
    user_id        BIGINT PRIMARY KEY,
    start_minute   BIGINT NOT NULL,
    end_minute     BIGINT NOT NULL,
    time_zone      TEXT   NOT NULL
);

-- Of what users are told of channels, where that is not everything.
CREATE TABLE push_preferences (
    user_id    BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    push       TEXT   NOT NULL,
    PRIMARY KEY (user_id, channel_id)
) /* WITHOUT ROWID */;
CREATE INDEX push_preferences_channel ON push_preferences (channel_id);
