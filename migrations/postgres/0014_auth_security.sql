-- +goose Up
-- Addresses that are never blocked by themselves.
CREATE TABLE ip_whitelist (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    address         text NOT NULL, -- an address, or a network as CIDR
    description     text NOT NULL DEFAULT '',
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, address)
);
SELECT guard_table('ip_whitelist');

-- Without an organization: blocked by itself, after keys that are nobody's.
CREATE TABLE blocked_addresses (
    organization_id bigint REFERENCES organizations (id),
    address         text NOT NULL, -- an address, or a network as CIDR
    reason          text NOT NULL,
    is_automatic    boolean NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz
);
CREATE UNIQUE INDEX idx_blocked_addresses ON blocked_addresses (COALESCE(organization_id, 0), address, is_automatic);
SELECT guard_table('blocked_addresses');

-- What was refused. Refusals that are alike, within a minute, are one row with their number.
CREATE TABLE security_events (
    id              uuid PRIMARY KEY,
    organization_id bigint REFERENCES organizations (id), -- null: of a key that is nobody's
    event_type      text NOT NULL,
    ip_address      text NOT NULL,
    user_agent      text NOT NULL,
    key_id          bigint,
    request_path    text,
    request_method  text,
    severity        integer NOT NULL,
    details         jsonb,
    times           integer NOT NULL,
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL
);
CREATE INDEX idx_security_events_org_last ON security_events (organization_id, last_at DESC, id);
CREATE INDEX idx_security_events_last ON security_events (last_at);
SELECT guard_table('security_events');
