-- +goose Up
-- What pages are told of as it happens. It is kept for a while, so that who was away is told from where it left off.
CREATE TABLE feed_events (
    id              INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order of commits: who adds waits for those before
    organization_id INTEGER REFERENCES organizations (id), -- null: the whole system's
    event_key       TEXT NOT NULL, -- says that two are the same
    kind            TEXT NOT NULL,
    department_id   INTEGER, -- of the person concerned, then
    at              DATETIME NOT NULL, -- when it was added
    data            TEXT NOT NULL,
    UNIQUE (organization_id, event_key)
);
CREATE INDEX idx_feed_events_org ON feed_events (organization_id, id);
CREATE INDEX idx_feed_events_at ON feed_events (at);

-- A pass that a person wrote down: why, and who it was.
ALTER TABLE passes ADD COLUMN reason TEXT;
ALTER TABLE passes ADD COLUMN entered_by TEXT;
