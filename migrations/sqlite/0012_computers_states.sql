-- +goose Up

-- What a computer's agent is now, by the newest of what it told and by when it was last heard of.
ALTER TABLE computers ADD COLUMN state TEXT NOT NULL DEFAULT 'unknown' CHECK (state IN ('online', 'offline', 'unknown'));
ALTER TABLE computers ADD COLUMN state_reason TEXT NOT NULL DEFAULT 'never_reported';
ALTER TABLE computers ADD COLUMN state_detail TEXT NOT NULL DEFAULT '';
ALTER TABLE computers ADD COLUMN state_since DATETIME;
-- SQLite adds no key of two columns to a table that is there; the trigger says what PostgreSQL's keys say.
ALTER TABLE computers ADD COLUMN gateway_id TEXT REFERENCES gateway_instances (id); -- by which it was last heard of; null: directly
ALTER TABLE computers ADD COLUMN merged_into INTEGER REFERENCES computers (id) CHECK (merged_into <> id); -- the same machine under its newer id
UPDATE computers SET state = 'offline', state_reason = 'no_contact', state_since = last_seen_at WHERE last_seen_at IS NOT NULL;
CREATE INDEX idx_computers_merged ON computers (organization_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX idx_computers_online ON computers (last_seen_at) WHERE state = 'online';
-- +goose StatementBegin
CREATE TRIGGER computers_merge_within_organization BEFORE UPDATE OF merged_into ON computers
WHEN NEW.merged_into IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM computers AS t WHERE t.id = NEW.merged_into AND t.organization_id = NEW.organization_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed');
END;
-- +goose StatementEnd

-- What agents told of themselves: runs, from the first contact (at) until the last, and stops.
CREATE TABLE computer_states (
    id              TEXT PRIMARY KEY, -- of what was told, so that a repeat is no second row
    organization_id INTEGER NOT NULL,
    computer_id     INTEGER NOT NULL,
    at              DATETIME NOT NULL,
    until           DATETIME NOT NULL, -- of a run its last contact; of a stop, at
    state           TEXT NOT NULL CHECK (state IN ('online', 'offline')),
    reason          TEXT NOT NULL DEFAULT '', -- of a stop why; of a run why nothing came after until
    detail          TEXT NOT NULL DEFAULT '',
    version         TEXT NOT NULL DEFAULT '',
    address         TEXT NOT NULL DEFAULT '',
    FOREIGN KEY (organization_id, computer_id) REFERENCES computers (organization_id, id)
);
CREATE INDEX idx_computer_states_computer ON computer_states (organization_id, computer_id, until DESC);
CREATE INDEX idx_computer_states_until ON computer_states (until);
