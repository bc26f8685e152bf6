-- +goose Up
CREATE TABLE alerts (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER REFERENCES organizations (id), -- null: the whole system's
    kind            TEXT NOT NULL,
    severity        TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    at              DATETIME NOT NULL,
    subject         TEXT NOT NULL,
    details         TEXT,
    acknowledged_at DATETIME,
    acknowledged_by TEXT,
    created_at      DATETIME NOT NULL
);
CREATE INDEX idx_alerts_org_at ON alerts (organization_id, at DESC, id);
