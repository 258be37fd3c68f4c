-- +goose Up

-- SQLite went through all members of a channel for the few who hid it, at every
-- message: an index whose condition says all that a query asks was no better to
-- it than the key. One with a column more is.
DROP INDEX members_hidden;
CREATE INDEX members_hidden ON members (channel_id, hidden) WHERE hidden = TRUE;
DROP INDEX members_moderators;
CREATE INDEX members_moderators ON members (channel_id, moderator) WHERE moderator = TRUE;

-- The channels of a user are listed without those that he hid; with the column
-- in the index his memberships themselves need not be read.
DROP INDEX members_user;
CREATE INDEX members_user ON members (user_id, channel_id, hidden);
