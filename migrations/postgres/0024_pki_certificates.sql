-- +goose Up
-- The authorities that the server made itself: of each the certificate, and its key, sealed. They are no organization's,
-- and tenants do not see them.
CREATE TABLE pki_authorities (
    generation  bigint PRIMARY KEY CHECK (generation > 0), -- two replicas that make one at the same moment want the same number
    certificate text NOT NULL, -- PEM
    sealed_key  text NOT NULL, -- base64
    issues_from timestamptz NOT NULL, -- until then the one before issues
    trusted_until timestamptz NOT NULL,
    created_at  timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON pki_authorities TO staff_system;

-- What was issued to gateways and agents: the certificate itself is not kept.
CREATE TABLE pki_certificates (
    id              uuid PRIMARY KEY,
    organization_id bigint NOT NULL REFERENCES organizations (id),
    kind            text NOT NULL CHECK (kind IN ('gateway', 'agent', 'listener')),
    subject         varchar(255) NOT NULL, -- the gateway's id, or the computer's UID
    serial          text NOT NULL UNIQUE, -- hex
    authority       text NOT NULL, -- the issuer's key id, hex
    not_before      timestamptz NOT NULL,
    not_after       timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    key_id          bigint, -- of an agent's: the agents' key that it was obtained with, and ends with
    revoked_at      timestamptz, -- later than now: until then it is in force
    revoked_by      text
);
CREATE INDEX idx_pki_certificates_subject ON pki_certificates (organization_id, kind, subject, created_at);
CREATE INDEX idx_pki_certificates_created ON pki_certificates (organization_id, created_at DESC, id);
CREATE INDEX idx_pki_certificates_key ON pki_certificates (organization_id, key_id) WHERE key_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX idx_pki_certificates_revoked ON pki_certificates (not_after) WHERE revoked_at IS NOT NULL;
SELECT guard_table('pki_certificates');
