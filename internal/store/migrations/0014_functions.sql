-- +goose Up

-- What the functions of an application have in common. There is one runtime to
-- an application, named by its identifier; the row comes when it is first looked
-- at. The variables and the secret of its own client are sealed with a key that
-- is not in the database; the hash is what the secret is known by.
CREATE TABLE runtimes (
    application_id        BIGINT PRIMARY KEY,
    dependencies          TEXT   NOT NULL, -- the application's own, as JSON
    variables             TEXT   NOT NULL, -- the application's own, empty for none
    initialization_script TEXT   NOT NULL,
    client_secret         TEXT   NOT NULL, -- empty where it was revoked
    client_secret_hash    TEXT   NOT NULL
);

-- current_version is the number of the version that runs, 0 where none does.
CREATE TABLE functions (
    id              BIGINT PRIMARY KEY,
    application_id  BIGINT  NOT NULL,
    type            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    enabled         BOOLEAN NOT NULL,
    in_background   BOOLEAN NOT NULL, -- prepared after the answer, not before
    current_version BIGINT  NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL
);
CREATE INDEX functions_application ON functions (application_id, id);

CREATE TABLE function_versions (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    function_id    BIGINT NOT NULL,
    number         BIGINT NOT NULL,
    script         TEXT   NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX function_versions_number ON function_versions (function_id, number);

-- A run of a function. payload, failure and lines are JSON, empty where there
-- are none; duration is in microseconds.
CREATE TABLE function_invocations (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    function_id    BIGINT NOT NULL,
    version_number BIGINT NOT NULL,
    status         TEXT   NOT NULL,
    args           TEXT   NOT NULL,
    payload        TEXT   NOT NULL,
    failure        TEXT   NOT NULL,
    lines          TEXT   NOT NULL,
    duration       BIGINT NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX function_invocations_function ON function_invocations (function_id, id);
