-- +goose Up

-- ActivityWatch's buckets: what one watcher of one computer fills.
CREATE TABLE buckets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    client TEXT NOT NULL,
    hostname TEXT NOT NULL,
    computer_uid TEXT NOT NULL,
    aside TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    UNIQUE (organization_id, owner, name)
);

-- The last event of each bucket, which may still grow. What has been put into agent_data_buffer of it never changes
-- there: sent says until when, pieces in how many. Instants and durations are microseconds, instants since 1970.
CREATE TABLE bucket_drafts (
    bucket_id INTEGER PRIMARY KEY REFERENCES buckets (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    data TEXT NOT NULL,
    pulse INTEGER NOT NULL,
    heard_at DATETIME NOT NULL,
    sent INTEGER NOT NULL,
    pieces INTEGER NOT NULL,
    ended BOOLEAN NOT NULL
);

-- Those before it, for whoever reads the bucket: a day of them, and no more than so many.
CREATE TABLE bucket_events (
    bucket_id INTEGER NOT NULL REFERENCES buckets (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    data TEXT NOT NULL,
    kept_at DATETIME NOT NULL,
    PRIMARY KEY (bucket_id, seq)
) WITHOUT ROWID;
CREATE INDEX bucket_events_age ON bucket_events (kept_at);
