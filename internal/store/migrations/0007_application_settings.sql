-- +goose Up

-- Settings of our own. Both were off before there was a choice.
ALTER TABLE applications ADD COLUMN read_on_delivery BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE applications ADD COLUMN link_previews BOOLEAN NOT NULL DEFAULT FALSE;
