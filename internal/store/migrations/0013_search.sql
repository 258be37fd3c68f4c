-- +goose Up

-- What messages are found by: rowid is the message, its terms are made by
-- package ngram. It follows from the messages and the log, a moment behind
-- them. Each engine has its own kind of index for it.
CREATE SEARCH INDEX search_index;

-- How far the log has been followed. Events are not forgotten before that.
CREATE TABLE search_state (
    id       BIGINT PRIMARY KEY,
    position BIGINT NOT NULL
);
INSERT INTO search_state (id, position) SELECT 1, head FROM event_log WHERE id = 1;

-- Messages, by their identifiers, that no event of the log tells of and that
-- are yet to be indexed: imported ones, and at first all there are.
CREATE TABLE search_ranges (
    first_id BIGINT NOT NULL,
    last_id  BIGINT NOT NULL,
    PRIMARY KEY (last_id, first_id)
) /* WITHOUT ROWID */;
INSERT INTO search_ranges (first_id, last_id) SELECT 0, max(id) FROM messages HAVING count(*) > 0;
