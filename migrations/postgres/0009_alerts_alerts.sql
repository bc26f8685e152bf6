-- +goose Up
CREATE TABLE alerts (
    id              uuid PRIMARY KEY,
    organization_id bigint REFERENCES organizations (id), -- null: the whole system's
    kind            text NOT NULL,
    severity        text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    at              timestamptz NOT NULL,
    subject         text NOT NULL,
    details         jsonb,
    acknowledged_at timestamptz,
    acknowledged_by text,
    created_at      timestamptz NOT NULL
);
CREATE INDEX idx_alerts_org_at ON alerts (organization_id, at DESC, id);
SELECT guard_table('alerts');
