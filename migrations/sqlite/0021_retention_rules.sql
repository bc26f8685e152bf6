-- +goose Up
-- How long what is kept: the rule of an organization, or, without one, everybody's who has none of their own.
CREATE TABLE retention_policies (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER REFERENCES organizations (id),
    resource_type   TEXT NOT NULL CHECK (resource_type IN ('active_window', 'visited_site', 'screenshot', 'user_session', 'credential', 'profile')),
    retention_days  INTEGER NOT NULL CHECK (retention_days BETWEEN 1 AND 3650),
    action          TEXT NOT NULL DEFAULT 'delete' CHECK (action IN ('delete', 'archive')),
    is_active       BOOLEAN NOT NULL DEFAULT TRUE,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL
);
CREATE UNIQUE INDEX idx_retention_policies_default ON retention_policies (resource_type) WHERE organization_id IS NULL;
CREATE UNIQUE INDEX idx_retention_policies_own ON retention_policies (organization_id, resource_type) WHERE organization_id IS NOT NULL;
-- Of credentials and profiles nobody has said how long; so these rules are there, and do nothing until somebody does.
INSERT INTO retention_policies (id, resource_type, retention_days, is_active, created_at, updated_at)
    SELECT '00000000-0000-4000-8000-00000000000' || column1, column2, column3, column4, datetime('now') || '+00:00', datetime('now') || '+00:00'
    FROM (VALUES (1, 'active_window', 90, TRUE), (2, 'visited_site', 90, TRUE), (3, 'screenshot', 30, TRUE), (4, 'user_session', 365, TRUE),
                 (5, 'credential', 365, FALSE), (6, 'profile', 365, FALSE));

-- What must stay whatever the rules say, while somebody has a reason.
CREATE TABLE retention_holds (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    resource_type   TEXT NOT NULL CHECK (resource_type IN ('all', 'active_window', 'visited_site', 'screenshot', 'user_session', 'credential', 'profile')),
    from_day        DATETIME, -- null: from the beginning
    until_day       DATETIME, -- the day after the last; null: without end
    reason          TEXT NOT NULL,
    created_at      DATETIME NOT NULL,
    created_by      TEXT NOT NULL,
    expires_at      DATETIME, -- when it ends by itself
    released_at     DATETIME,
    released_by     TEXT
);
CREATE INDEX idx_retention_holds_organization ON retention_holds (organization_id, created_at DESC, id);

-- What went: a row for each kind and day, begun before anything of the day is touched.
CREATE TABLE retention_runs (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    kind            TEXT NOT NULL,
    day             DATETIME NOT NULL,
    action          TEXT NOT NULL CHECK (action IN ('delete', 'archive')),
    state           TEXT NOT NULL CHECK (state IN ('begun', 'archived', 'removed', 'finished')),
    rows            INTEGER NOT NULL DEFAULT 0,
    files           INTEGER NOT NULL DEFAULT 0,
    bytes           INTEGER NOT NULL DEFAULT 0,
    archive_path    TEXT NOT NULL DEFAULT '',
    archive_sha256  TEXT NOT NULL DEFAULT '',
    started_at      DATETIME NOT NULL,
    finished_at     DATETIME,
    error           TEXT NOT NULL DEFAULT ''
);
CREATE INDEX idx_retention_runs_organization ON retention_runs (organization_id, started_at DESC, id);
CREATE UNIQUE INDEX idx_retention_runs_unfinished ON retention_runs (organization_id, kind, day) WHERE finished_at IS NULL;

-- Files whose rows a run takes away, noted before: the rows name them, and when the rows are gone nothing else does.
CREATE TABLE retention_files (
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    run_id          TEXT NOT NULL REFERENCES retention_runs (id) ON DELETE CASCADE,
    path            TEXT NOT NULL,
    size            INTEGER NOT NULL,
    PRIMARY KEY (organization_id, run_id, path)
);

-- Who carries the rules out now. There is one row.
CREATE TABLE retention_state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    holder     TEXT NOT NULL DEFAULT '',
    held_until DATETIME,
    ran_at     DATETIME -- when it was last done to the end
);
INSERT INTO retention_state (id) VALUES (1);
