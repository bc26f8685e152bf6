-- +goose Up
-- What gateways are to do, in the order in which it was ordered.
CREATE TABLE gateway_commands (
    id               TEXT PRIMARY KEY,
    organization_id  INTEGER NOT NULL,
    gateway_id       TEXT NOT NULL,
    type             TEXT NOT NULL CHECK (type IN ('policy_update', 'restart_agent', 'device_command', 'sync_devices', 'rotate_key', 'collect_diagnostics', 'update')),
    payload          TEXT NOT NULL,
    status           TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'completed', 'failed', 'expired', 'cancelled')),
    attempts         INTEGER NOT NULL DEFAULT 0, -- deliveries that no end of a socket cut off
    max_attempts     INTEGER NOT NULL DEFAULT 3,
    deliveries       INTEGER NOT NULL DEFAULT 0, -- all of them
    socket_id        TEXT,                       -- where the last one went
    due_at           DATETIME NOT NULL,          -- when it is delivered, or delivered again
    sent_at          DATETIME,
    ack_at           DATETIME,
    ended_at         DATETIME,
    expires_at       DATETIME NOT NULL,
    code             TEXT NOT NULL DEFAULT '',   -- why it ended so
    error            TEXT NOT NULL DEFAULT '',
    result           TEXT,
    policy_version   TEXT NOT NULL DEFAULT '',
    requires_restart BOOLEAN NOT NULL DEFAULT FALSE,
    replaces         TEXT NOT NULL DEFAULT '',   -- takes the place of what waits and says the same
    ordered_for      TEXT NOT NULL DEFAULT '',   -- rollout:0192…
    ordered_by       TEXT NOT NULL,              -- the actor
    bundle           TEXT NOT NULL DEFAULT '',   -- the path of the file that it brought
    created_at       DATETIME NOT NULL,
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_gateway_commands_waiting ON gateway_commands (gateway_id, created_at, id) WHERE status = 'pending';
-- One at a time is under way.
CREATE UNIQUE INDEX idx_gateway_commands_sent ON gateway_commands (gateway_id) WHERE status = 'sent';
CREATE INDEX idx_gateway_commands_expiry ON gateway_commands (expires_at) WHERE status IN ('pending', 'sent');
CREATE INDEX idx_gateway_commands_ended ON gateway_commands (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX idx_gateway_commands_bundle ON gateway_commands (ended_at) WHERE bundle <> '';
CREATE INDEX idx_gateway_commands_organization ON gateway_commands (organization_id, created_at DESC, id);
CREATE INDEX idx_gateway_commands_gateway ON gateway_commands (organization_id, gateway_id);

-- The newest socket of each gateway, and the process that holds it.
CREATE TABLE gateway_sockets (
    gateway_id      TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL,
    id              TEXT NOT NULL,
    process_id      TEXT NOT NULL,
    since           DATETIME NOT NULL,
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_gateway_sockets_process ON gateway_sockets (process_id);
