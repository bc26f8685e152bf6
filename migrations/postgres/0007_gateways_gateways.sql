-- +goose Up
CREATE TYPE gateway_status AS ENUM ('online', 'offline', 'revoked');
CREATE TYPE agent_status AS ENUM ('online', 'offline');

CREATE TABLE gateway_instances (
    id                uuid PRIMARY KEY,
    organization_id   bigint NOT NULL REFERENCES organizations (id),
    serial            varchar(255) NOT NULL UNIQUE,
    name              text NOT NULL DEFAULT '',
    api_key           varchar(255) NOT NULL, -- SHA-256 of the key, hex
    previous_key      varchar(255),          -- the key before, good until the overlap ends
    previous_until    timestamptz,
    status            gateway_status NOT NULL DEFAULT 'offline',
    status_reason     text NOT NULL DEFAULT '',
    status_since      timestamptz,
    last_seen_at      timestamptz,
    version           text NOT NULL DEFAULT '',
    clock_skew_ms     bigint,
    config            jsonb,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    UNIQUE (organization_id, id)
);
CREATE UNIQUE INDEX idx_gateway_instances_key ON gateway_instances (api_key);
CREATE INDEX idx_gateway_instances_previous ON gateway_instances (previous_key);
SELECT guard_table('gateway_instances');

CREATE TABLE gateway_status_snapshots (
    id               uuid PRIMARY KEY,
    organization_id  bigint NOT NULL,
    gateway_id       uuid NOT NULL,
    timestamp        timestamptz NOT NULL,
    cpu_usage        numeric(5, 2),
    disk_usage       numeric(5, 2),
    memory_usage     numeric(5, 2),
    queue_depth      bigint,
    buffer_usage     double precision,
    connected_agents integer,
    network_status   jsonb,
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_gateway_status_snapshots_gateway ON gateway_status_snapshots (organization_id, gateway_id, timestamp DESC);
CREATE INDEX idx_gateway_status_snapshots_at ON gateway_status_snapshots (timestamp);
SELECT guard_table('gateway_status_snapshots');

CREATE TABLE agent_instances (
    id              uuid PRIMARY KEY,
    organization_id bigint NOT NULL,
    gateway_id      uuid NOT NULL,
    agent_uid       varchar(255) NOT NULL,
    computer_name   varchar(255),
    status          agent_status NOT NULL DEFAULT 'offline',
    last_seen_at    timestamptz,
    policy_version  varchar(50),
    created_at      timestamptz NOT NULL,
    UNIQUE (gateway_id, agent_uid),
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
SELECT guard_table('agent_instances');

CREATE TABLE provisioning_tokens (
    id              uuid PRIMARY KEY,
    organization_id bigint NOT NULL REFERENCES organizations (id),
    hash            text NOT NULL UNIQUE, -- SHA-256, hex
    note            text NOT NULL DEFAULT '',
    max_uses        integer NOT NULL,
    uses            integer NOT NULL DEFAULT 0,
    expires_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL
);
SELECT guard_table('provisioning_tokens');

-- How far each stream of each buffer has come without a hole: everything up to the watermark is stored or
-- was dropped with a reason.
CREATE TABLE gateway_streams (
    organization_id bigint NOT NULL,
    gateway_id      uuid NOT NULL,
    epoch           text NOT NULL,
    stream          text NOT NULL,
    watermark       bigint NOT NULL DEFAULT 0,
    complete_until  timestamptz,
    highest         bigint NOT NULL DEFAULT 0,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (gateway_id, epoch, stream),
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
SELECT guard_table('gateway_streams');

-- Runs beyond the watermark: 'stored' and 'dropped' are known, the holes between them are the gaps.
CREATE TABLE gateway_ranges (
    organization_id bigint NOT NULL,
    gateway_id      uuid NOT NULL,
    epoch           text NOT NULL,
    stream          text NOT NULL,
    first           bigint NOT NULL,
    last            bigint NOT NULL,
    state           text NOT NULL CHECK (state IN ('stored', 'dropped')),
    reason          text NOT NULL DEFAULT '',
    until           timestamptz,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (gateway_id, epoch, stream, first, state),
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
SELECT guard_table('gateway_ranges');
