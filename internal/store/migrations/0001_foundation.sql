-- +goose Up

-- SQLite keeps tables marked WITHOUT ROWID in the order of their key, without
-- an index beside them.

-- Every table belongs to one application, except those of the installation
-- itself (nodes, event_log). Times are microseconds since 1970 in UTC, 0 where
-- they have not come. Booleans are BOOLEAN, which both engines know.

CREATE TABLE applications (
    id                    BIGINT PRIMARY KEY,
    name                  TEXT    NOT NULL,
    api_key               TEXT    NOT NULL,
    client_id             TEXT    NOT NULL,
    client_secret_hash    TEXT    NOT NULL,
    properties            TEXT    NOT NULL,
    guest_users           BOOLEAN NOT NULL,
    user_created_channels BOOLEAN NOT NULL,
    created_at            BIGINT  NOT NULL
);
CREATE UNIQUE INDEX applications_api_key ON applications (api_key);
CREATE UNIQUE INDEX applications_client_id ON applications (client_id);

CREATE TABLE access_tokens (
    hash           TEXT   NOT NULL PRIMARY KEY,
    application_id BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX access_tokens_expiry ON access_tokens (expires_at);

CREATE TABLE users (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT  NOT NULL,
    name           TEXT    NOT NULL,
    display_name   TEXT    NOT NULL,
    -- What a filter searches in: the names folded to lower case by chat.Fold.
    folded_name    TEXT    NOT NULL,
    folded_display TEXT    NOT NULL,
    picture        TEXT    NOT NULL,
    guest          BOOLEAN NOT NULL,
    status         TEXT    NOT NULL,
    properties     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    deleted_at     BIGINT  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX users_name ON users (application_id, name) WHERE deleted_at = 0;

-- A session is online until online_until and may be resumed until
-- resumable_until; both are far away while a socket is attached to its node.
CREATE TABLE user_sessions (
    id              BIGINT PRIMARY KEY,
    application_id  BIGINT NOT NULL,
    user_id         BIGINT NOT NULL,
    node_id         BIGINT NOT NULL,
    secret_hash     TEXT   NOT NULL,
    user_agent      TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    online_until    BIGINT NOT NULL,
    resumable_until BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL DEFAULT 0,
    since           BIGINT NOT NULL, -- the head of the log when it began
    acknowledged    TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX user_sessions_presence ON user_sessions (user_id, online_until);
CREATE INDEX user_sessions_alive ON user_sessions (node_id, resumable_until) WHERE ended_at = 0;

CREATE TABLE channels (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    type           TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    display_name   TEXT   NOT NULL,
    folded_name    TEXT   NOT NULL,
    creator_id     BIGINT NOT NULL,
    properties     TEXT   NOT NULL,
    direct_key     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    deleted_at     BIGINT NOT NULL DEFAULT 0,
    seq            BIGINT NOT NULL DEFAULT 0,
    last_message   BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX channels_name ON channels (application_id, name) WHERE deleted_at = 0 AND name <> '';
CREATE UNIQUE INDEX channels_direct ON channels (application_id, direct_key) WHERE deleted_at = 0 AND direct_key <> '';
CREATE INDEX channels_application ON channels (application_id, type, id) WHERE deleted_at = 0;

CREATE TABLE members (
    channel_id BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    joined_at  BIGINT NOT NULL,
    PRIMARY KEY (channel_id, user_id)
) /* WITHOUT ROWID */;
CREATE INDEX members_user ON members (user_id, channel_id);

CREATE TABLE messages (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    channel_id     BIGINT NOT NULL,
    seq            BIGINT NOT NULL,
    type           TEXT   NOT NULL,
    user_id        BIGINT NOT NULL,
    body           TEXT   NOT NULL,
    group_tag      TEXT   NOT NULL,
    properties     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_channel ON messages (channel_id, seq);

-- The log. head is the newest position; the transaction that moves it holds
-- its row until commit, which makes positions follow the order of commits.
CREATE TABLE event_log (
    id           BIGINT PRIMARY KEY,
    head         BIGINT NOT NULL,
    installation TEXT   NOT NULL -- a name for all that share this log
);
INSERT INTO event_log (id, head, installation) VALUES (1, 0, '');

CREATE TABLE events (
    position       BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    channel_id     BIGINT NOT NULL,
    seq            BIGINT NOT NULL,
    actor_id       BIGINT NOT NULL,
    target_id      BIGINT NOT NULL,
    subject_id     BIGINT NOT NULL,
    session_id     BIGINT NOT NULL,
    request        TEXT   NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX events_channel ON events (channel_id, position) WHERE channel_id <> 0;
CREATE INDEX events_target ON events (target_id, position) WHERE target_id <> 0;

-- What a named request made: scope is the session or, without one, the
-- application.
CREATE TABLE request_results (
    scope      BIGINT NOT NULL,
    request    TEXT   NOT NULL,
    subject_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, request)
) /* WITHOUT ROWID */;

CREATE TABLE jobs (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    payload        TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    attempts       BIGINT NOT NULL DEFAULT 0,
    run_at         BIGINT NOT NULL,
    last_error     TEXT   NOT NULL DEFAULT '',
    created_at     BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE state = 'PENDING';

-- One row a node number; a number is taken while lease_until lies ahead.
CREATE TABLE nodes (
    id          BIGINT PRIMARY KEY,
    incarnation BIGINT NOT NULL,
    lease_until BIGINT NOT NULL
);
