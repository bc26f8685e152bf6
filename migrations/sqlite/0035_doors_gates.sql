-- +goose Up
-- Where terminals hang: v1's gates. A device and a pass name theirs by gate_id, which they had before there were gates;
-- SQLite adds no such reference to a table, so the module keeps it.
CREATE TABLE gates (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    created_at      DATETIME NOT NULL,
    UNIQUE (organization_id, id)
);

ALTER TABLE devices ADD COLUMN port INTEGER;
ALTER TABLE devices ADD COLUMN additional_details TEXT;
CREATE INDEX idx_devices_gate ON devices (organization_id, gate_id) WHERE gate_id IS NOT NULL;
