-- +goose Up
-- The time series' own tables on TimescaleDB, in the server's database or in a second one. A hypertable with row level
-- security can be neither compressed nor aggregated, so hypertables are in a schema that staff_app may not use, behind
-- views of the same names that show one organization.

-- What migration 0001 of the server's schema has; a second database does not.
CREATE SCHEMA IF NOT EXISTS monitoring;
CREATE SCHEMA ts;
GRANT USAGE ON SCHEMA public, monitoring TO staff_app, staff_system;
GRANT USAGE ON SCHEMA ts TO staff_system;
GRANT SELECT ON goose_timescale_version TO staff_app, staff_system;
CREATE OR REPLACE FUNCTION organization_of_session() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT NULLIF(current_setting('app.current_organization_id', true), '')::bigint $$;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_table(name regclass, organization_column text DEFAULT 'organization_id') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %s TO staff_app USING (%I = organization_of_session()) WITH CHECK (%I = organization_of_session())',
                   name, organization_column, organization_column);
    EXECUTE format('CREATE POLICY system ON %s TO staff_system USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO staff_app, staff_system', name);
END
$$;
-- +goose StatementEnd

-- The tables that had these names go where rows wait while TimescaleDB is away.
-- +goose StatementBegin
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['active_windows', 'visited_sites', 'screenshots', 'user_sessions', 'idle_periods', 'batch_tokens', 'quarantine',
        'application_usage_15m', 'application_usage_1d', 'site_usage_15m', 'site_usage_1d', 'usage_marks', 'usage_floors'] LOOP
        IF to_regclass('monitoring.' || name) IS NOT NULL THEN
            EXECUTE format('ALTER TABLE monitoring.%I SET SCHEMA fallback', name);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- gate_table makes the view through which an organization reaches its rows of a table in ts.
-- +goose StatementBegin
CREATE FUNCTION gate_table(name text, privileges text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE VIEW monitoring.%I WITH (security_barrier) AS SELECT * FROM ts.%I WHERE organization_id = organization_of_session()%s',
                   name, name, CASE WHEN privileges = 'SELECT' THEN '' ELSE ' WITH CASCADED CHECK OPTION' END);
    EXECUTE format('GRANT %s ON monitoring.%I TO staff_app', privileges, name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ts.%I TO staff_system', name);
END
$$;
-- +goose StatementEnd

CREATE TABLE ts.active_windows (
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
CREATE INDEX idx_active_windows_computer ON ts.active_windows (organization_id, computer_uid, datetime);
CREATE TABLE ts.visited_sites (
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
    site             varchar(1000) NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, datetime, id)
);
CREATE INDEX idx_visited_sites_computer ON ts.visited_sites (organization_id, computer_uid, datetime);
CREATE TABLE ts.screenshots (
    organization_id  bigint NOT NULL,
    datetime         timestamptz NOT NULL,
    id               uuid NOT NULL,
    agent_id         uuid NOT NULL,
    computer_uid     varchar(255) NOT NULL,
    user_sid         varchar(255) NOT NULL,
    file_path        varchar(1000) NOT NULL,
    file_size        bigint,
    title            varchar(500),
    process_name     varchar(255),
    sha256           varchar(64),
    width            integer,
    height           integer,
    PRIMARY KEY (organization_id, datetime, id)
);
CREATE INDEX idx_screenshots_computer ON ts.screenshots (organization_id, computer_uid, datetime);
CREATE TABLE ts.user_sessions (
    organization_id  bigint NOT NULL,
    datetime         timestamptz NOT NULL,
    id               uuid NOT NULL,
    agent_id         uuid NOT NULL,
    computer_uid     varchar(255) NOT NULL,
    user_sid         varchar(255) NOT NULL,
    session_type     varchar(50) NOT NULL CHECK (session_type IN ('login', 'logout', 'lock', 'unlock')),
    end_time         timestamptz,
    source           text,
    PRIMARY KEY (organization_id, datetime, id)
);
CREATE INDEX idx_user_sessions_computer ON ts.user_sessions (organization_id, computer_uid, datetime);
CREATE TABLE ts.idle_periods (
    organization_id  bigint NOT NULL,
    datetime         timestamptz NOT NULL,
    id               uuid NOT NULL,
    agent_id         uuid NOT NULL,
    computer_uid     varchar(255) NOT NULL,
    user_sid         varchar(255) NOT NULL,
    duration_seconds integer NOT NULL,
    PRIMARY KEY (organization_id, datetime, id)
);
CREATE INDEX idx_idle_periods_computer ON ts.idle_periods (organization_id, computer_uid, datetime);

-- Days of UTC; those that are old enough become columns, see set_compress_after.
-- +goose StatementBegin
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['active_windows', 'visited_sites', 'screenshots', 'user_sessions', 'idle_periods'] LOOP
        PERFORM create_hypertable(format('ts.%I', name)::regclass, 'datetime', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
        EXECUTE format('ALTER TABLE ts.%I SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
                       name, 'organization_id, computer_uid', 'datetime DESC, id');
        PERFORM gate_table(name, 'SELECT, INSERT, DELETE');
    END LOOP;
END
$$;
-- +goose StatementEnd

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

-- Rows that began before it are gone on purpose: sums from then were kept before they went, and stay as they are.
CREATE TABLE ts.usage_floors (
    organization_id bigint NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('application', 'site')),
    until           timestamptz NOT NULL,
    PRIMARY KEY (organization_id, kind)
);
SELECT gate_table('usage_floors', 'SELECT, INSERT, UPDATE, DELETE');

-- Who used what, by quarter hour and day of UTC: an event counts where it begins, with all its seconds. TimescaleDB keeps
-- the sums (…_live) up to date by itself; what it has not summed yet is summed when read.
CREATE MATERIALIZED VIEW ts.application_usage_15m_live WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT organization_id, time_bucket(INTERVAL '15 minutes', datetime) AS bucket, computer_uid, user_sid, COALESCE(process_name, '') AS process_name,
           sum(COALESCE(duration_seconds, 0)) AS seconds, count(*) AS events
    FROM ts.active_windows GROUP BY 1, 2, 3, 4, 5
    WITH NO DATA;
CREATE MATERIALIZED VIEW ts.application_usage_1d_live WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT organization_id, time_bucket(INTERVAL '1 day', bucket) AS bucket, computer_uid, user_sid, process_name,
           sum(seconds)::bigint AS seconds, sum(events)::bigint AS events
    FROM ts.application_usage_15m_live GROUP BY 1, 2, 3, 4, 5
    WITH NO DATA;
SELECT add_continuous_aggregate_policy('ts.application_usage_15m_live', start_offset => NULL, end_offset => INTERVAL '15 minutes', schedule_interval => INTERVAL '30 seconds');
SELECT add_continuous_aggregate_policy('ts.application_usage_1d_live', start_offset => NULL, end_offset => INTERVAL '1 day', schedule_interval => INTERVAL '30 seconds');
CREATE TABLE ts.application_usage_15m_kept (
    organization_id bigint NOT NULL,
    bucket          timestamptz NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    process_name    varchar(255) NOT NULL,
    seconds         bigint NOT NULL,
    events          bigint NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, process_name)
);
CREATE INDEX idx_application_usage_15m_computer ON ts.application_usage_15m_kept (organization_id, computer_uid, bucket);
SELECT gate_table('application_usage_15m_kept', 'SELECT, INSERT, DELETE');
CREATE VIEW ts.application_usage_15m AS
    SELECT l.organization_id, l.bucket, l.computer_uid, l.user_sid, l.process_name, l.seconds, l.events
    FROM ts.application_usage_15m_live AS l LEFT JOIN ts.usage_floors AS f ON f.organization_id = l.organization_id AND f.kind = 'application'
    WHERE l.bucket >= COALESCE(f.until, '-infinity')
    UNION ALL
    SELECT organization_id, bucket, computer_uid, user_sid, process_name, seconds, events FROM ts.application_usage_15m_kept;
SELECT gate_table('application_usage_15m', 'SELECT');
CREATE TABLE ts.application_usage_1d_kept (
    organization_id bigint NOT NULL,
    bucket          timestamptz NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    process_name    varchar(255) NOT NULL,
    seconds         bigint NOT NULL,
    events          bigint NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, process_name)
);
CREATE INDEX idx_application_usage_1d_computer ON ts.application_usage_1d_kept (organization_id, computer_uid, bucket);
SELECT gate_table('application_usage_1d_kept', 'SELECT, INSERT, DELETE');
CREATE VIEW ts.application_usage_1d AS
    SELECT l.organization_id, l.bucket, l.computer_uid, l.user_sid, l.process_name, l.seconds, l.events
    FROM ts.application_usage_1d_live AS l LEFT JOIN ts.usage_floors AS f ON f.organization_id = l.organization_id AND f.kind = 'application'
    WHERE l.bucket >= COALESCE(f.until, '-infinity')
    UNION ALL
    SELECT organization_id, bucket, computer_uid, user_sid, process_name, seconds, events FROM ts.application_usage_1d_kept;
SELECT gate_table('application_usage_1d', 'SELECT');
CREATE MATERIALIZED VIEW ts.site_usage_15m_live WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT organization_id, time_bucket(INTERVAL '15 minutes', datetime) AS bucket, computer_uid, user_sid, site AS site,
           sum(COALESCE(duration_seconds, 0)) AS seconds, count(*) AS events
    FROM ts.visited_sites GROUP BY 1, 2, 3, 4, 5
    WITH NO DATA;
CREATE MATERIALIZED VIEW ts.site_usage_1d_live WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT organization_id, time_bucket(INTERVAL '1 day', bucket) AS bucket, computer_uid, user_sid, site,
           sum(seconds)::bigint AS seconds, sum(events)::bigint AS events
    FROM ts.site_usage_15m_live GROUP BY 1, 2, 3, 4, 5
    WITH NO DATA;
SELECT add_continuous_aggregate_policy('ts.site_usage_15m_live', start_offset => NULL, end_offset => INTERVAL '15 minutes', schedule_interval => INTERVAL '30 seconds');
SELECT add_continuous_aggregate_policy('ts.site_usage_1d_live', start_offset => NULL, end_offset => INTERVAL '1 day', schedule_interval => INTERVAL '30 seconds');
CREATE TABLE ts.site_usage_15m_kept (
    organization_id bigint NOT NULL,
    bucket          timestamptz NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    site            varchar(1000) NOT NULL,
    seconds         bigint NOT NULL,
    events          bigint NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, site)
);
CREATE INDEX idx_site_usage_15m_computer ON ts.site_usage_15m_kept (organization_id, computer_uid, bucket);
SELECT gate_table('site_usage_15m_kept', 'SELECT, INSERT, DELETE');
CREATE VIEW ts.site_usage_15m AS
    SELECT l.organization_id, l.bucket, l.computer_uid, l.user_sid, l.site, l.seconds, l.events
    FROM ts.site_usage_15m_live AS l LEFT JOIN ts.usage_floors AS f ON f.organization_id = l.organization_id AND f.kind = 'site'
    WHERE l.bucket >= COALESCE(f.until, '-infinity')
    UNION ALL
    SELECT organization_id, bucket, computer_uid, user_sid, site, seconds, events FROM ts.site_usage_15m_kept;
SELECT gate_table('site_usage_15m', 'SELECT');
CREATE TABLE ts.site_usage_1d_kept (
    organization_id bigint NOT NULL,
    bucket          timestamptz NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    site            varchar(1000) NOT NULL,
    seconds         bigint NOT NULL,
    events          bigint NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, site)
);
CREATE INDEX idx_site_usage_1d_computer ON ts.site_usage_1d_kept (organization_id, computer_uid, bucket);
SELECT gate_table('site_usage_1d_kept', 'SELECT, INSERT, DELETE');
CREATE VIEW ts.site_usage_1d AS
    SELECT l.organization_id, l.bucket, l.computer_uid, l.user_sid, l.site, l.seconds, l.events
    FROM ts.site_usage_1d_live AS l LEFT JOIN ts.usage_floors AS f ON f.organization_id = l.organization_id AND f.kind = 'site'
    WHERE l.bucket >= COALESCE(f.until, '-infinity')
    UNION ALL
    SELECT organization_id, bucket, computer_uid, user_sid, site, seconds, events FROM ts.site_usage_1d_kept;
SELECT gate_table('site_usage_1d', 'SELECT');

-- keep_usage keeps an organization's sums from before a day, exactly, so that the rows they are made of can go.
-- +goose StatementBegin
CREATE FUNCTION keep_usage(organization bigint, of_kind text, before timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last  timestamptz := date_trunc('day', before, 'UTC');
    first timestamptz;
BEGIN
    IF current_setting('role') <> 'staff_system' AND organization IS DISTINCT FROM organization_of_session() THEN
        RAISE 'the sums belong to another organization' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('keep_usage', organization));
    SELECT COALESCE(max(until), '-infinity') INTO first FROM ts.usage_floors WHERE organization_id = organization AND kind = of_kind;
    IF last <= first THEN
        RETURN;
    END IF;
    IF of_kind = 'application' THEN
        INSERT INTO ts.application_usage_15m_kept
            SELECT organization, time_bucket(INTERVAL '15 minutes', datetime), computer_uid, user_sid, COALESCE(process_name, ''),
                   sum(COALESCE(duration_seconds, 0)), count(*)
            FROM ts.active_windows WHERE organization_id = organization AND datetime >= first AND datetime < last GROUP BY 2, 3, 4, 5;
        INSERT INTO ts.application_usage_1d_kept
            SELECT organization, date_trunc('day', bucket, 'UTC'), computer_uid, user_sid, process_name, sum(seconds), sum(events)
            FROM ts.application_usage_15m_kept WHERE organization_id = organization AND bucket >= first AND bucket < last GROUP BY 2, 3, 4, 5;
    ELSE
        INSERT INTO ts.site_usage_15m_kept
            SELECT organization, time_bucket(INTERVAL '15 minutes', datetime), computer_uid, user_sid, site,
                   sum(COALESCE(duration_seconds, 0)), count(*)
            FROM ts.visited_sites WHERE organization_id = organization AND datetime >= first AND datetime < last GROUP BY 2, 3, 4, 5;
        INSERT INTO ts.site_usage_1d_kept
            SELECT organization, date_trunc('day', bucket, 'UTC'), computer_uid, user_sid, site, sum(seconds), sum(events)
            FROM ts.site_usage_15m_kept WHERE organization_id = organization AND bucket >= first AND bucket < last GROUP BY 2, 3, 4, 5;
    END IF;
    INSERT INTO ts.usage_floors VALUES (organization, of_kind, last)
        ON CONFLICT (organization_id, kind) DO UPDATE SET until = EXCLUDED.until;
END
$$;
-- +goose StatementEnd

-- drop_chunks_before drops the days of a table that ended before a time and returns how many. The sums of the
-- organizations that have rows in them are kept first.
-- +goose StatementBegin
CREATE FUNCTION drop_chunks_before(name text, before timestamptz, organizations bigint[]) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
    summed       text := CASE name WHEN 'active_windows' THEN 'application' WHEN 'visited_sites' THEN 'site' END;
    organization bigint;
    dropped      integer;
BEGIN
    IF name NOT IN ('active_windows', 'visited_sites', 'screenshots', 'user_sessions', 'idle_periods') THEN
        RAISE 'there are no chunks of %', name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF summed IS NOT NULL THEN
        FOREACH organization IN ARRAY COALESCE(organizations, '{}') LOOP
            PERFORM public.keep_usage(organization, summed, before);
        END LOOP;
    END IF;
    SELECT count(*) INTO dropped FROM public.drop_chunks(format('ts.%I', name)::regclass, before);
    RETURN dropped;
END
$$;
-- +goose StatementEnd

-- set_compress_after says after how long a day becomes columns.
-- +goose StatementBegin
CREATE FUNCTION set_compress_after(after interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['active_windows', 'visited_sites', 'screenshots', 'user_sessions', 'idle_periods'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM timescaledb_information.jobs WHERE proc_name LIKE 'policy_compression%'
            AND hypertable_schema = 'ts' AND hypertable_name = name AND (config->>'compress_after')::interval = after);
        PERFORM remove_compression_policy(format('ts.%I', name)::regclass, if_exists => true);
        PERFORM add_compression_policy(format('ts.%I', name)::regclass, after, schedule_interval => INTERVAL '1 hour');
    END LOOP;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION gate_table(text, text), keep_usage(bigint, text, timestamptz), drop_chunks_before(text, timestamptz, bigint[]),
    set_compress_after(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_usage(bigint, text, timestamptz) TO staff_app, staff_system;
GRANT EXECUTE ON FUNCTION drop_chunks_before(text, timestamptz, bigint[]) TO staff_system;
