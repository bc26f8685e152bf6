-- +goose Up

-- What a computer's agent is now, by the newest of what it told and by when it was last heard of.
ALTER TABLE computers
    ADD COLUMN state        text NOT NULL DEFAULT 'unknown' CHECK (state IN ('online', 'offline', 'unknown')),
    ADD COLUMN state_reason text NOT NULL DEFAULT 'never_reported',
    ADD COLUMN state_detail text NOT NULL DEFAULT '',
    ADD COLUMN state_since  timestamptz,
    ADD COLUMN gateway_id   uuid,   -- by which it was last heard of; null: directly
    ADD COLUMN merged_into  bigint, -- the same machine under its newer id
    ADD FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id),
    ADD FOREIGN KEY (organization_id, merged_into) REFERENCES computers (organization_id, id),
    ADD CHECK (merged_into <> id);
UPDATE computers SET state = 'offline', state_reason = 'no_contact', state_since = last_seen_at WHERE last_seen_at IS NOT NULL;
CREATE INDEX idx_computers_merged ON computers (organization_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX idx_computers_online ON computers (last_seen_at) WHERE state = 'online';

-- What agents told of themselves: runs, from the first contact (at) until the last, and stops.
CREATE TABLE computer_states (
    id              uuid PRIMARY KEY, -- of what was told, so that a repeat is no second row
    organization_id bigint NOT NULL,
    computer_id     bigint NOT NULL,
    at              timestamptz NOT NULL,
    until           timestamptz NOT NULL, -- of a run its last contact; of a stop, at
    state           text NOT NULL CHECK (state IN ('online', 'offline')),
    reason          text NOT NULL DEFAULT '', -- of a stop why; of a run why nothing came after until
    detail          text NOT NULL DEFAULT '',
    version         text NOT NULL DEFAULT '',
    address         text NOT NULL DEFAULT '',
    FOREIGN KEY (organization_id, computer_id) REFERENCES computers (organization_id, id)
);
CREATE INDEX idx_computer_states_computer ON computer_states (organization_id, computer_id, until DESC);
CREATE INDEX idx_computer_states_until ON computer_states (until);
SELECT guard_table('computer_states');
