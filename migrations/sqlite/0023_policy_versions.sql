-- +goose Up
ALTER TABLE policies ADD COLUMN title_search TEXT NOT NULL DEFAULT '';
ALTER TABLE policies ADD COLUMN hours TEXT; -- null: always
ALTER TABLE policies ADD COLUMN exclude TEXT;
ALTER TABLE policies ADD COLUMN revision INTEGER NOT NULL DEFAULT 0; -- counts all changes
ALTER TABLE policies ADD COLUMN latest_version INTEGER NOT NULL DEFAULT 0; -- 0: none was made yet
ALTER TABLE policies ADD COLUMN released_version INTEGER NOT NULL DEFAULT 0; -- in force where no roll-out says otherwise
ALTER TABLE policies ADD COLUMN deleted_at DATETIME;

-- Sites or applications that count alike.
CREATE TABLE groups (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    name_search     TEXT NOT NULL DEFAULT '',
    type            TEXT NOT NULL CHECK (type IN ('WEBSITE', 'APPLICATION')),
    is_active       BOOLEAN NOT NULL DEFAULT true,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    UNIQUE (organization_id, id)
);

CREATE TABLE resources (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    value           TEXT NOT NULL,
    created_at      DATETIME NOT NULL,
    type            TEXT NOT NULL CHECK (type IN ('WEBSITE', 'APPLICATION')),
    UNIQUE (organization_id, id)
);
CREATE INDEX idx_resources_value ON resources (organization_id, value);

CREATE TABLE resource_groups (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL,
    resource_id     INTEGER NOT NULL,
    group_id        INTEGER NOT NULL,
    created_at      DATETIME NOT NULL,
    UNIQUE (organization_id, group_id, resource_id),
    FOREIGN KEY (organization_id, resource_id) REFERENCES resources (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, group_id) REFERENCES groups (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_resource_groups_resource ON resource_groups (organization_id, resource_id);

-- How a group counts under a policy.
CREATE TABLE policy_group_rules (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL,
    policy_id       INTEGER NOT NULL,
    group_id        INTEGER NOT NULL,
    type            TEXT NOT NULL CHECK (type IN ('WEBSITE', 'ACTIVE_WINDOW')),
    category        TEXT NOT NULL DEFAULT 'neutral' CHECK (category IN ('productive', 'neutral', 'unproductive')),
    is_active       BOOLEAN NOT NULL DEFAULT true,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    UNIQUE (organization_id, policy_id, group_id),
    FOREIGN KEY (organization_id, policy_id) REFERENCES policies (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, group_id) REFERENCES groups (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_policy_group_rules_group ON policy_group_rules (organization_id, group_id);

-- What a policy has been: rows are added, and never change.
CREATE TABLE policy_versions (
    id               TEXT PRIMARY KEY,
    organization_id  INTEGER NOT NULL,
    policy_id        INTEGER NOT NULL,
    version          TEXT NOT NULL, -- a counter in decimal
    checksum         TEXT NOT NULL, -- SHA-256 of the content's canonical JSON, hex
    content          TEXT NOT NULL,
    requires_restart BOOLEAN NOT NULL DEFAULT false,
    released_at      DATETIME NOT NULL,
    released_by      TEXT NOT NULL, -- as in audit_log.actor
    UNIQUE (policy_id, version),
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, policy_id) REFERENCES policies (organization_id, id)
);
-- +goose StatementBegin
CREATE TRIGGER policy_versions_stay BEFORE UPDATE ON policy_versions
BEGIN
    SELECT RAISE(ABORT, 'rows of policy_versions never change');
END;
-- +goose StatementEnd

-- Who changed what, as a JSON Patch (RFC 6902).
CREATE TABLE policy_changes (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL,
    policy_id       INTEGER NOT NULL,
    version_id      TEXT NOT NULL,
    changed_by      TEXT NOT NULL,
    changeset       TEXT NOT NULL,
    change_type     TEXT NOT NULL CHECK (change_type IN ('create', 'update', 'delete', 'rollback')),
    created_at      DATETIME NOT NULL,
    FOREIGN KEY (organization_id, policy_id) REFERENCES policies (organization_id, id),
    FOREIGN KEY (organization_id, version_id) REFERENCES policy_versions (organization_id, id)
);
CREATE INDEX idx_policy_changes_policy ON policy_changes (organization_id, policy_id, id);
-- +goose StatementBegin
CREATE TRIGGER policy_changes_stay BEFORE UPDATE ON policy_changes
BEGIN
    SELECT RAISE(ABORT, 'rows of policy_changes never change');
END;
-- +goose StatementEnd

-- The policy of a department and of those below it that have none of their own.
CREATE TABLE policy_departments (
    organization_id INTEGER NOT NULL,
    department_id   INTEGER NOT NULL,
    policy_id       INTEGER NOT NULL,
    updated_at      DATETIME NOT NULL,
    PRIMARY KEY (organization_id, department_id),
    FOREIGN KEY (organization_id, department_id) REFERENCES departments (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, policy_id) REFERENCES policies (organization_id, id)
);
CREATE INDEX idx_policy_departments_policy ON policy_departments (organization_id, policy_id);

-- How far a version has come.
CREATE TABLE policy_rollouts (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL,
    policy_id       INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    previous        INTEGER NOT NULL, -- in force before; 0: none
    state           TEXT NOT NULL CHECK (state IN ('running', 'finished', 'stopped', 'superseded')),
    reason          TEXT NOT NULL DEFAULT '',
    percent         INTEGER NOT NULL CHECK (percent BETWEEN 1 AND 100),
    step            INTEGER NOT NULL DEFAULT 0, -- by how much it goes on by itself; 0: it does not
    every_minutes   INTEGER NOT NULL DEFAULT 0,
    next_at         DATETIME,
    is_rollback     BOOLEAN NOT NULL DEFAULT false, -- is never rolled back itself
    started_at      DATETIME NOT NULL,
    started_by      TEXT NOT NULL,
    ended_at        DATETIME,
    ended_by        TEXT NOT NULL DEFAULT '',
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, policy_id) REFERENCES policies (organization_id, id)
);
CREATE UNIQUE INDEX idx_policy_rollouts_running ON policy_rollouts (organization_id, policy_id) WHERE state = 'running';
CREATE INDEX idx_policy_rollouts_policy ON policy_rollouts (organization_id, policy_id, id);
CREATE INDEX idx_policy_rollouts_next ON policy_rollouts (next_at) WHERE state = 'running';

-- The gateways that a roll-out has reached, and their answers.
CREATE TABLE policy_rollout_gateways (
    organization_id INTEGER NOT NULL,
    rollout_id      TEXT NOT NULL,
    gateway_id      TEXT NOT NULL,
    command_id      TEXT NOT NULL, -- of the order that will be answered
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'completed', 'failed', 'expired', 'cancelled')),
    code            TEXT NOT NULL DEFAULT '',
    restart         BOOLEAN NOT NULL DEFAULT false, -- agents have to restart once it is done
    ordered_at      DATETIME NOT NULL,
    answered_at     DATETIME,
    PRIMARY KEY (rollout_id, gateway_id),
    FOREIGN KEY (organization_id, rollout_id) REFERENCES policy_rollouts (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, gateway_id) REFERENCES gateway_instances (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_policy_rollout_gateways_command ON policy_rollout_gateways (command_id);
CREATE INDEX idx_policy_rollout_gateways_waiting ON policy_rollout_gateways (organization_id, gateway_id) WHERE state = 'waiting';

-- Which bundle the gateways of an organization were told to fetch last. No row: none that says anything.
CREATE TABLE policy_bundles (
    organization_id INTEGER PRIMARY KEY REFERENCES organizations (id),
    generation      INTEGER NOT NULL, -- counts the changes
    assigned        TEXT NOT NULL,   -- checksum of who has which policy
    updated_at      DATETIME NOT NULL
);

-- Who has a policy.
CREATE INDEX idx_employees_policy ON employees (organization_id, policy_id) WHERE policy_id IS NOT NULL;
