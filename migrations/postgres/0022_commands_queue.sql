-- +goose Up
CREATE TYPE command_type AS ENUM ('policy_update', 'restart_agent', 'device_command', 'sync_devices', 'rotate_key', 'collect_diagnostics', 'update');
CREATE TYPE command_status AS ENUM ('pending', 'sent', 'completed', 'failed', 'expired', 'cancelled');

-- What gateways are to do, in the order in which it was ordered.
CREATE TABLE gateway_commands (
    id               uuid PRIMARY KEY,
    organization_id  bigint NOT NULL,
    gateway_id       uuid NOT NULL,
    type             command_type NOT NULL,
    payload          jsonb NOT NULL,
    status           command_status NOT NULL DEFAULT 'pending',
    attempts         integer NOT NULL DEFAULT 0, -- deliveries that no end of a socket cut off
    max_attempts     integer NOT NULL DEFAULT 3,
    deliveries       integer NOT NULL DEFAULT 0, -- all of them
    socket_id        uuid,                       -- where the last one went
    due_at           timestamptz NOT NULL,       -- when it is delivered, or delivered again
    sent_at          timestamptz,
    ack_at           timestamptz,
    ended_at         timestamptz,
    expires_at       timestamptz NOT NULL,
    code             text NOT NULL DEFAULT '',   -- why it ended so
    error            text NOT NULL DEFAULT '',
    result           jsonb,
    policy_version   text NOT NULL DEFAULT '',
    requires_restart boolean NOT NULL DEFAULT false,
    replaces         text NOT NULL DEFAULT '',   -- takes the place of what waits and says the same
    ordered_for      text NOT NULL DEFAULT '',   -- rollout:0192…
    ordered_by       text NOT NULL,              -- the actor
    bundle           text NOT NULL DEFAULT '',   -- the path of the file that it brought
    created_at       timestamptz NOT NULL,
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
SELECT guard_table('gateway_commands');

-- The newest socket of each gateway, and the process that holds it.
CREATE TABLE gateway_sockets (
    gateway_id      uuid PRIMARY KEY,
    organization_id bigint NOT NULL,
    id              uuid NOT NULL,
    process_id      uuid NOT NULL,
    since           timestamptz NOT NULL,
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_gateway_sockets_process ON gateway_sockets (process_id);
SELECT guard_table('gateway_sockets');
