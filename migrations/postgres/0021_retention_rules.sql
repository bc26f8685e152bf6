-- +goose Up
CREATE TYPE retention_action AS ENUM ('delete', 'archive');

-- How long what is kept: the rule of an organization, or, without one, everybody's who has none of their own.
CREATE TABLE retention_policies (
    id              uuid PRIMARY KEY,
    organization_id bigint REFERENCES organizations (id),
    resource_type   varchar(100) NOT NULL CHECK (resource_type IN ('active_window', 'visited_site', 'screenshot', 'user_session', 'credential', 'profile')),
    retention_days  integer NOT NULL CHECK (retention_days BETWEEN 1 AND 3650),
    action          retention_action NOT NULL DEFAULT 'delete',
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX idx_retention_policies_default ON retention_policies (resource_type) WHERE organization_id IS NULL;
CREATE UNIQUE INDEX idx_retention_policies_own ON retention_policies (organization_id, resource_type) WHERE organization_id IS NOT NULL;
-- Of credentials and profiles nobody has said how long; so these rules are there, and do nothing until somebody does.
INSERT INTO retention_policies (id, resource_type, retention_days, is_active, created_at, updated_at)
    SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, type, days, active, now(), now()
    FROM (VALUES (1, 'active_window', 90, true), (2, 'visited_site', 90, true), (3, 'screenshot', 30, true), (4, 'user_session', 365, true),
                 (5, 'credential', 365, false), (6, 'profile', 365, false)) AS rules (n, type, days, active);
SELECT guard_table('retention_policies');

-- What must stay whatever the rules say, while somebody has a reason.
CREATE TABLE retention_holds (
    id              uuid PRIMARY KEY,
    organization_id bigint NOT NULL REFERENCES organizations (id),
    resource_type   varchar(100) NOT NULL CHECK (resource_type IN ('all', 'active_window', 'visited_site', 'screenshot', 'user_session', 'credential', 'profile')),
    from_day        timestamptz, -- null: from the beginning
    until_day       timestamptz, -- the day after the last; null: without end
    reason          text NOT NULL,
    created_at      timestamptz NOT NULL,
    created_by      text NOT NULL,
    expires_at      timestamptz, -- when it ends by itself
    released_at     timestamptz,
    released_by     text
);
CREATE INDEX idx_retention_holds_organization ON retention_holds (organization_id, created_at DESC, id);
SELECT guard_table('retention_holds');

-- What went: a row for each kind and day, begun before anything of the day is touched.
CREATE TABLE retention_runs (
    id              uuid PRIMARY KEY,
    organization_id bigint NOT NULL REFERENCES organizations (id),
    kind            text NOT NULL,
    day             timestamptz NOT NULL,
    action          retention_action NOT NULL,
    state           text NOT NULL CHECK (state IN ('begun', 'archived', 'removed', 'finished')),
    rows            bigint NOT NULL DEFAULT 0,
    files           bigint NOT NULL DEFAULT 0,
    bytes           bigint NOT NULL DEFAULT 0,
    archive_path    text NOT NULL DEFAULT '',
    archive_sha256  text NOT NULL DEFAULT '',
    started_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    error           text NOT NULL DEFAULT ''
);
CREATE INDEX idx_retention_runs_organization ON retention_runs (organization_id, started_at DESC, id);
CREATE UNIQUE INDEX idx_retention_runs_unfinished ON retention_runs (organization_id, kind, day) WHERE finished_at IS NULL;
SELECT guard_table('retention_runs');

-- Files whose rows a run takes away, noted before: the rows name them, and when the rows are gone nothing else does.
CREATE TABLE retention_files (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    run_id          uuid NOT NULL REFERENCES retention_runs (id) ON DELETE CASCADE,
    path            varchar(1000) NOT NULL,
    size            bigint NOT NULL,
    PRIMARY KEY (organization_id, run_id, path)
);
SELECT guard_table('retention_files');

-- Who carries the rules out now. There is one row.
CREATE TABLE retention_state (
    id         smallint PRIMARY KEY CHECK (id = 1),
    holder     text NOT NULL DEFAULT '',
    held_until timestamptz,
    ran_at     timestamptz -- when it was last done to the end
);
INSERT INTO retention_state (id) VALUES (1);
GRANT SELECT, UPDATE ON retention_state TO staff_system;
GRANT SELECT ON retention_state TO staff_app;
