-- +goose Up
-- What people did; written in the same transaction as what they did.
CREATE TABLE audit_log (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER,
    at              DATETIME NOT NULL,
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    permission      TEXT NOT NULL,
    object          TEXT NOT NULL,
    reason          TEXT NOT NULL DEFAULT '',
    before          TEXT,
    after           TEXT,
    client_ip       TEXT NOT NULL DEFAULT '',
    trace_id        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX idx_audit_log_org_at ON audit_log (organization_id, at DESC, id);
