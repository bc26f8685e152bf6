-- +goose Up
-- The authorities that the server made itself: of each the certificate, and its key, sealed. They are no organization's,
-- and tenants do not see them.
CREATE TABLE pki_authorities (
    generation  INTEGER PRIMARY KEY CHECK (generation > 0), -- two replicas that make one at the same moment want the same number
    certificate TEXT NOT NULL, -- PEM
    sealed_key  TEXT NOT NULL, -- base64
    issues_from DATETIME NOT NULL, -- until then the one before issues
    trusted_until DATETIME NOT NULL,
    created_at  DATETIME NOT NULL
);

-- What was issued to gateways and agents: the certificate itself is not kept.
CREATE TABLE pki_certificates (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    kind            TEXT NOT NULL CHECK (kind IN ('gateway', 'agent', 'listener')),
    subject         TEXT NOT NULL, -- the gateway's id, or the computer's UID
    serial          TEXT NOT NULL UNIQUE, -- hex
    authority       TEXT NOT NULL, -- the issuer's key id, hex
    not_before      DATETIME NOT NULL,
    not_after       DATETIME NOT NULL,
    created_at      DATETIME NOT NULL,
    key_id          INTEGER, -- of an agent's: the agents' key that it was obtained with, and ends with
    revoked_at      DATETIME, -- later than now: until then it is in force
    revoked_by      TEXT
);
CREATE INDEX idx_pki_certificates_subject ON pki_certificates (organization_id, kind, subject, created_at);
CREATE INDEX idx_pki_certificates_created ON pki_certificates (organization_id, created_at DESC, id);
CREATE INDEX idx_pki_certificates_key ON pki_certificates (organization_id, key_id) WHERE key_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX idx_pki_certificates_revoked ON pki_certificates (not_after) WHERE revoked_at IS NOT NULL;
