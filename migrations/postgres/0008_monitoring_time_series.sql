-- +goose Up
CREATE TABLE monitoring.active_windows (
    organization_id  bigint NOT NULL,
    datetime         timestamptz NOT NULL,
    id               uuid NOT NULL,
    agent_id         uuid NOT NULL,
    computer_uid     varchar(255) NOT NULL,
    user_sid         varchar(255) NOT NULL,
    window_title     varchar(500),
    process_name     varchar(255),
    url              varchar(1000),
    duration_seconds integer,
    PRIMARY KEY (organization_id, datetime, id)
);
CREATE TABLE monitoring.visited_sites (
    organization_id  bigint NOT NULL,
    datetime         timestamptz NOT NULL,
    id               uuid NOT NULL,
    agent_id         uuid NOT NULL,
    computer_uid     varchar(255) NOT NULL,
    user_sid         varchar(255) NOT NULL,
    url              varchar(1000) NOT NULL,
    title            varchar(500),
    process_name     varchar(255),
    duration_seconds integer,
    PRIMARY KEY (organization_id, datetime, id)
);
CREATE TABLE monitoring.screenshots (
    organization_id bigint NOT NULL,
    datetime        timestamptz NOT NULL,
    id              uuid NOT NULL,
    agent_id        uuid NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    file_path       varchar(1000) NOT NULL,
    file_size       bigint,
    title           varchar(500),
    process_name    varchar(255),
    sha256          varchar(64),
    width           integer,
    height          integer,
    PRIMARY KEY (organization_id, datetime, id)
);
CREATE TABLE monitoring.user_sessions (
    organization_id bigint NOT NULL,
    datetime        timestamptz NOT NULL,
    id              uuid NOT NULL,
    agent_id        uuid NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    session_type    varchar(50) NOT NULL CHECK (session_type IN ('login', 'logout', 'lock', 'unlock')),
    end_time        timestamptz,
    source          text,
    PRIMARY KEY (organization_id, datetime, id)
);
CREATE TABLE monitoring.idle_periods (
    organization_id  bigint NOT NULL,
    datetime         timestamptz NOT NULL,
    id               uuid NOT NULL,
    agent_id         uuid NOT NULL,
    computer_uid     varchar(255) NOT NULL,
    user_sid         varchar(255) NOT NULL,
    duration_seconds integer NOT NULL,
    PRIMARY KEY (organization_id, datetime, id)
);
-- Reads are of one computer's time (an employee's are those of its linked computers), or of all by time: the key.
CREATE INDEX idx_active_windows_computer ON monitoring.active_windows (organization_id, computer_uid, datetime);
CREATE INDEX idx_visited_sites_computer ON monitoring.visited_sites (organization_id, computer_uid, datetime);
CREATE INDEX idx_screenshots_computer ON monitoring.screenshots (organization_id, computer_uid, datetime);
CREATE INDEX idx_user_sessions_computer ON monitoring.user_sessions (organization_id, computer_uid, datetime);
CREATE INDEX idx_idle_periods_computer ON monitoring.idle_periods (organization_id, computer_uid, datetime);
SELECT guard_table('monitoring.active_windows');
SELECT guard_table('monitoring.visited_sites');
SELECT guard_table('monitoring.screenshots');
SELECT guard_table('monitoring.user_sessions');
SELECT guard_table('monitoring.idle_periods');

-- A batch's token stands beside its rows, written with them, so that a batch sent again is known.
CREATE TABLE monitoring.batch_tokens (
    organization_id bigint NOT NULL,
    token           text NOT NULL,
    stored_at       timestamptz NOT NULL,
    clock_skew_ms   bigint NOT NULL DEFAULT 0,
    stored          integer NOT NULL,
    known           integer NOT NULL,
    quarantined     integer NOT NULL,
    PRIMARY KEY (organization_id, token)
);
CREATE INDEX idx_batch_tokens_stored ON monitoring.batch_tokens (stored_at);
SELECT guard_table('monitoring.batch_tokens');

-- What cannot have happened: kept with its reason, and counted, but never among the rows.
CREATE TABLE monitoring.quarantine (
    organization_id bigint NOT NULL,
    id              uuid NOT NULL,
    received_at     timestamptz NOT NULL,
    type            text NOT NULL,
    reason          text NOT NULL,
    payload         jsonb NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX idx_quarantine_received ON monitoring.quarantine (organization_id, received_at DESC, id);
SELECT guard_table('monitoring.quarantine');
