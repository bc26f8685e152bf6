-- +goose Up
-- Addresses that are never blocked by themselves.
CREATE TABLE ip_whitelist (
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    address         TEXT NOT NULL, -- an address, or a network as CIDR
    description     TEXT NOT NULL DEFAULT '',
    is_active       BOOLEAN NOT NULL DEFAULT true,
    created_at      DATETIME NOT NULL,
    PRIMARY KEY (organization_id, address)
);

-- Without an organization: blocked by itself, after keys that are nobody's.
CREATE TABLE blocked_addresses (
    organization_id INTEGER REFERENCES organizations (id),
    address         TEXT NOT NULL, -- an address, or a network as CIDR
    reason          TEXT NOT NULL,
    is_automatic    BOOLEAN NOT NULL,
    created_at      DATETIME NOT NULL,
    expires_at      DATETIME
);
CREATE UNIQUE INDEX idx_blocked_addresses ON blocked_addresses (COALESCE(organization_id, 0), address, is_automatic);

-- What was refused. Refusals that are alike, within a minute, are one row with their number.
CREATE TABLE security_events (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER REFERENCES organizations (id), -- null: of a key that is nobody's
    event_type      TEXT NOT NULL,
    ip_address      TEXT NOT NULL,
    user_agent      TEXT NOT NULL,
    key_id          INTEGER,
    request_path    TEXT,
    request_method  TEXT,
    severity        INTEGER NOT NULL,
    details         TEXT,
    times           INTEGER NOT NULL,
    first_at        DATETIME NOT NULL,
    last_at         DATETIME NOT NULL
);
CREATE INDEX idx_security_events_org_last ON security_events (organization_id, last_at DESC, id);
CREATE INDEX idx_security_events_last ON security_events (last_at);
