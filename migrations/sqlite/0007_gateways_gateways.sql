-- +goose Up

CREATE TABLE gateway_instances (
    id                TEXT PRIMARY KEY,
    organization_id   INTEGER NOT NULL REFERENCES organizations (id),
    serial            TEXT NOT NULL UNIQUE,
    name              TEXT NOT NULL DEFAULT '',
    api_key           TEXT NOT NULL, -- SHA-256 of the key, hex
    previous_key      TEXT,          -- the key before, good until the overlap ends
    previous_until    DATETIME,
    status            TEXT NOT NULL DEFAULT 'offline' CHECK (status IN ('online', 'offline', 'revoked')),
    status_reason     TEXT NOT NULL DEFAULT '',
    status_since      DATETIME,
    last_seen_at      DATETIME,
    version           TEXT NOT NULL DEFAULT '',
    clock_skew_ms     INTEGER,
    config            TEXT,
    created_at        DATETIME NOT NULL,
    updated_at        DATETIME NOT NULL,
    UNIQUE (organization_id, id)
);
CREATE UNIQUE INDEX idx_gateway_instances_key ON gateway_instances (api_key);
CREATE INDEX idx_gateway_instances_previous ON gateway_instances (previous_key);

CREATE TABLE gateway_status_snapshots (
    id               TEXT PRIMARY KEY,
    organization_id  INTEGER NOT NULL,
    gateway_id       TEXT NOT NULL,
    timestamp        DATETIME NOT NULL,
    cpu_usage        REAL,
    disk_usage       REAL,
    memory_usage     REAL,
    queue_depth      INTEGER,
    buffer_usage     REAL,
    connected_agents INTEGER,
    network_status   TEXT,
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_gateway_status_snapshots_gateway ON gateway_status_snapshots (organization_id, gateway_id, timestamp DESC);
CREATE INDEX idx_gateway_status_snapshots_at ON gateway_status_snapshots (timestamp);

CREATE TABLE agent_instances (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL,
    gateway_id      TEXT NOT NULL,
    agent_uid       TEXT NOT NULL,
    computer_name   TEXT,
    status          TEXT NOT NULL DEFAULT 'offline' CHECK (status IN ('online', 'offline')),
    last_seen_at    DATETIME,
    policy_version  TEXT,
    created_at      DATETIME NOT NULL,
    UNIQUE (gateway_id, agent_uid),
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE provisioning_tokens (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    hash            TEXT NOT NULL UNIQUE, -- SHA-256, hex
    note            TEXT NOT NULL DEFAULT '',
    max_uses        INTEGER NOT NULL,
    uses            INTEGER NOT NULL DEFAULT 0,
    expires_at      DATETIME NOT NULL,
    revoked_at      DATETIME,
    created_by      TEXT NOT NULL,
    created_at      DATETIME NOT NULL
);

-- How far each stream of each buffer has come without a hole: everything up to the watermark is stored or
-- was dropped with a reason.
CREATE TABLE gateway_streams (
    organization_id INTEGER NOT NULL,
    gateway_id      TEXT NOT NULL,
    epoch           TEXT NOT NULL,
    stream          TEXT NOT NULL,
    watermark       INTEGER NOT NULL DEFAULT 0,
    complete_until  DATETIME,
    highest         INTEGER NOT NULL DEFAULT 0,
    updated_at      DATETIME NOT NULL,
    PRIMARY KEY (gateway_id, epoch, stream),
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);

-- Runs beyond the watermark: 'stored' and 'dropped' are known, the holes between them are the gaps.
CREATE TABLE gateway_ranges (
    organization_id INTEGER NOT NULL,
    gateway_id      TEXT NOT NULL,
    epoch           TEXT NOT NULL,
    stream          TEXT NOT NULL,
    first           INTEGER NOT NULL,
    last            INTEGER NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('stored', 'dropped')),
    reason          TEXT NOT NULL DEFAULT '',
    until           DATETIME,
    created_at      DATETIME NOT NULL,
    PRIMARY KEY (gateway_id, epoch, stream, first, state),
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
