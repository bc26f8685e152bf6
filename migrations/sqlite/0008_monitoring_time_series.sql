-- +goose Up
CREATE TABLE active_windows (
    organization_id  INTEGER NOT NULL,
    datetime         DATETIME NOT NULL,
    id               TEXT NOT NULL,
    agent_id         TEXT NOT NULL,
    computer_uid     TEXT NOT NULL,
    user_sid         TEXT NOT NULL,
    window_title     TEXT,
    process_name     TEXT,
    url              TEXT,
    duration_seconds INTEGER,
    PRIMARY KEY (organization_id, datetime, id)
) WITHOUT ROWID;
CREATE TABLE visited_sites (
    organization_id  INTEGER NOT NULL,
    datetime         DATETIME NOT NULL,
    id               TEXT NOT NULL,
    agent_id         TEXT NOT NULL,
    computer_uid     TEXT NOT NULL,
    user_sid         TEXT NOT NULL,
    url              TEXT NOT NULL,
    title            TEXT,
    process_name     TEXT,
    duration_seconds INTEGER,
    PRIMARY KEY (organization_id, datetime, id)
) WITHOUT ROWID;
CREATE TABLE screenshots (
    organization_id INTEGER NOT NULL,
    datetime        DATETIME NOT NULL,
    id              TEXT NOT NULL,
    agent_id        TEXT NOT NULL,
    computer_uid    TEXT NOT NULL,
    user_sid        TEXT NOT NULL,
    file_path       TEXT NOT NULL,
    file_size       INTEGER,
    title           TEXT,
    process_name    TEXT,
    sha256          TEXT,
    width           INTEGER,
    height          INTEGER,
    PRIMARY KEY (organization_id, datetime, id)
) WITHOUT ROWID;
CREATE TABLE user_sessions (
    organization_id INTEGER NOT NULL,
    datetime        DATETIME NOT NULL,
    id              TEXT NOT NULL,
    agent_id        TEXT NOT NULL,
    computer_uid    TEXT NOT NULL,
    user_sid        TEXT NOT NULL,
    session_type    TEXT NOT NULL CHECK (session_type IN ('login', 'logout', 'lock', 'unlock')),
    end_time        DATETIME,
    source          TEXT,
    PRIMARY KEY (organization_id, datetime, id)
) WITHOUT ROWID;
CREATE TABLE idle_periods (
    organization_id  INTEGER NOT NULL,
    datetime         DATETIME NOT NULL,
    id               TEXT NOT NULL,
    agent_id         TEXT NOT NULL,
    computer_uid     TEXT NOT NULL,
    user_sid         TEXT NOT NULL,
    duration_seconds INTEGER NOT NULL,
    PRIMARY KEY (organization_id, datetime, id)
) WITHOUT ROWID;
-- Reads are of one computer's time (an employee's are those of its linked computers), or of all by time: the key.
CREATE INDEX idx_active_windows_computer ON active_windows (organization_id, computer_uid, datetime);
CREATE INDEX idx_visited_sites_computer ON visited_sites (organization_id, computer_uid, datetime);
CREATE INDEX idx_screenshots_computer ON screenshots (organization_id, computer_uid, datetime);
CREATE INDEX idx_user_sessions_computer ON user_sessions (organization_id, computer_uid, datetime);
CREATE INDEX idx_idle_periods_computer ON idle_periods (organization_id, computer_uid, datetime);

-- A batch's token stands beside its rows, written with them, so that a batch sent again is known.
CREATE TABLE batch_tokens (
    organization_id INTEGER NOT NULL,
    token           TEXT NOT NULL,
    stored_at       DATETIME NOT NULL,
    clock_skew_ms   INTEGER NOT NULL DEFAULT 0,
    stored          INTEGER NOT NULL,
    known           INTEGER NOT NULL,
    quarantined     INTEGER NOT NULL,
    PRIMARY KEY (organization_id, token)
);
CREATE INDEX idx_batch_tokens_stored ON batch_tokens (stored_at);

-- What cannot have happened: kept with its reason, and counted, but never among the rows.
CREATE TABLE quarantine (
    organization_id INTEGER NOT NULL,
    id              TEXT NOT NULL,
    received_at     DATETIME NOT NULL,
    type            TEXT NOT NULL,
    reason          TEXT NOT NULL,
    payload         TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX idx_quarantine_received ON quarantine (organization_id, received_at DESC, id);
