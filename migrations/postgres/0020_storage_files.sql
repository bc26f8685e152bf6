-- +goose Up
-- What is kept as whole files, in the store of the setting storage.driver. Paths are in the order of their bytes, as
-- stores list them.
CREATE TABLE stored_files (
    id              uuid PRIMARY KEY,
    organization_id bigint NOT NULL REFERENCES organizations (id),
    path            text COLLATE "C" NOT NULL,
    blob            text COLLATE "C" NOT NULL UNIQUE, -- where the store has it; each upload has a name of its own
    kind            text NOT NULL CHECK (kind IN ('screenshot', 'archive', 'credential', 'profile')),
    content_type    text NOT NULL,
    sha256          text NOT NULL, -- hex
    size            bigint NOT NULL CHECK (size >= 0), -- bytes
    metadata        jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL,
    UNIQUE (organization_id, path)
);
-- Holds all that a list of one kind and the sums of sizes ask for.
CREATE INDEX idx_stored_files_kind ON stored_files (organization_id, kind, path, created_at, size);
SELECT guard_table('stored_files');
