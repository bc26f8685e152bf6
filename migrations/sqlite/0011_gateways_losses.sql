-- +goose Up

-- How many holes a stream has beyond its watermark: lists show the first of them.
ALTER TABLE gateway_streams ADD COLUMN holes INTEGER NOT NULL DEFAULT 0;

-- Events that the server refused for good and the gateway keeps for somebody to look at.
ALTER TABLE gateway_status_snapshots ADD COLUMN set_aside INTEGER NOT NULL DEFAULT 0;

-- Dropped runs stay below the watermark too, until they are old.
CREATE INDEX idx_gateway_ranges_dropped ON gateway_ranges (created_at) WHERE state = 'dropped';
