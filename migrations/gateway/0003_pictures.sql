-- +goose Up

-- Pictures of screens. They have positions of their own, so that a storage that is away holds up no other event and
-- leaves no holes among them. A key is taken once.
CREATE TABLE picture_buffer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    uploaded_at DATETIME NULL,
    retry_count INTEGER NOT NULL DEFAULT 0,
    organization_id INTEGER NOT NULL DEFAULT 0,
    key TEXT NOT NULL,
    UNIQUE (organization_id, key)
);

-- Their files in the spool, by the position of the row: of undelivered ones and of those that were set aside.
CREATE TABLE spool_files (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    sha256 TEXT NOT NULL
);

INSERT INTO tallies (stream) VALUES ('picture');
