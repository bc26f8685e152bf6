-- +goose Up

-- The two buffers of the design document. Rows never change but for uploaded_at and retry_count, and an id
-- is never used twice: it is the position that says on the server what is missing.
CREATE TABLE agent_data_buffer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    uploaded_at DATETIME NULL,
    retry_count INTEGER NOT NULL DEFAULT 0,
    organization_id INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE device_data_buffer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL,
    adapter_type TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    uploaded_at DATETIME NULL,
    retry_count INTEGER NOT NULL DEFAULT 0,
    organization_id INTEGER NOT NULL DEFAULT 0
);

-- What the server refused for good, kept for whoever looks why.
CREATE TABLE set_aside (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    retry_count INTEGER NOT NULL,
    reason TEXT NOT NULL,
    set_aside_at DATETIME NOT NULL,
    PRIMARY KEY (stream, seq)
) WITHOUT ROWID;

-- Positions that will never be delivered and that the server does not know of yet.
CREATE TABLE dropped_ranges (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    reason TEXT NOT NULL,
    created_at DATETIME NOT NULL
);

-- Alerts that the server has not taken yet.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    created_at DATETIME NOT NULL
) WITHOUT ROWID;

-- How much there is of what, kept with every change so that nothing has to be counted.
CREATE TABLE tallies (
    stream TEXT PRIMARY KEY,
    last INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    set_aside INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO tallies (stream) VALUES ('agent'), ('device');

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('epoch', lower(hex(randomblob(16))));
