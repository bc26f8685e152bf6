-- +goose Up
-- What is kept as whole files, in the store of the setting storage.driver. Paths are in the order of their bytes, as
-- stores list them.
CREATE TABLE stored_files (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    path            TEXT NOT NULL,
    blob            TEXT NOT NULL UNIQUE, -- where the store has it; each upload has a name of its own
    kind            TEXT NOT NULL CHECK (kind IN ('screenshot', 'archive', 'credential', 'profile')),
    content_type    TEXT NOT NULL,
    sha256          TEXT NOT NULL, -- hex
    size            INTEGER NOT NULL CHECK (size >= 0), -- bytes
    metadata        TEXT NOT NULL DEFAULT '{}',
    created_at      DATETIME NOT NULL,
    UNIQUE (organization_id, path)
);
-- Holds all that a list of one kind and the sums of sizes ask for.
CREATE INDEX idx_stored_files_kind ON stored_files (organization_id, kind, path, created_at, size);
