-- +goose Up

-- Work that takes long has a lane of its own, with workers of its own, so that
-- it keeps no other work waiting.
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (lane, run_at, id) WHERE state = 'PENDING';

-- What an application has asked for and may watch. The row of the same id in
-- jobs does it and has its state; this one has how far it is. read_to is how
-- many octets of the file have been dealt with, -1 at the end: it moves in the
-- transaction that writes what it has passed.
CREATE TABLE application_jobs (
    id             BIGINT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    task           TEXT   NOT NULL,
    channel_id     BIGINT NOT NULL,
    read_to        BIGINT NOT NULL DEFAULT 0,
    processed      BIGINT NOT NULL DEFAULT 0,
    skipped        BIGINT NOT NULL DEFAULT 0,
    failed         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX application_jobs_application ON application_jobs (application_id, id);

-- Why elements of an import were refused: of each job the first few.
CREATE TABLE job_failures (
    job_id  BIGINT NOT NULL,
    element BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    message TEXT   NOT NULL,
    field   TEXT   NOT NULL,
    PRIMARY KEY (job_id, element)
) /* WITHOUT ROWID */;

-- The keys of the elements that have been imported, by task.
CREATE TABLE imported_elements (
    application_id BIGINT NOT NULL,
    task           TEXT   NOT NULL,
    element_key    TEXT   NOT NULL,
    PRIMARY KEY (application_id, task, element_key)
) /* WITHOUT ROWID */;

-- The file that a job reads, or the one that it has made.
ALTER TABLE files ADD COLUMN job_id BIGINT NOT NULL DEFAULT 0;
CREATE INDEX files_job ON files (job_id) WHERE job_id <> 0;
