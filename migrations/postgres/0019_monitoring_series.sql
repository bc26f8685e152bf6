-- +goose Up
-- Partitions are reached through their tables only: nobody who serves may use this schema.
CREATE SCHEMA partitions;
-- Where the tables of time series go when TimescaleDB takes their place.
CREATE SCHEMA fallback;
GRANT USAGE ON SCHEMA fallback TO staff_app, staff_system;

-- +goose StatementBegin
CREATE FUNCTION partition_name(name text, day date) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF name NOT IN ('active_windows', 'visited_sites', 'screenshots', 'user_sessions', 'idle_periods')
       OR day NOT BETWEEN '1900-01-01' AND current_date + 3660 THEN
        RAISE 'there is no partition of % for %', name, day USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN name || to_char(day, '_YYYYMMDD');
END
$$;
-- +goose StatementEnd

-- make_partition makes the day's partition of a table unless it is there. It is made apart and then attached, so that
-- whoever reads or writes the table goes on.
-- +goose StatementBegin
CREATE FUNCTION make_partition(name text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    parent regclass;
    part   text := public.partition_name(name, day);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('partitions', 0));
    IF to_regclass('partitions.' || part) IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT c.oid INTO STRICT parent FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('monitoring', 'fallback') AND c.relname = name AND c.relkind = 'p';
    EXECUTE format('CREATE TABLE partitions.%I (LIKE %s INCLUDING ALL)', part, parent);
    PERFORM public.guard_table(format('partitions.%I', part)::regclass);
    EXECUTE format('REVOKE ALL ON partitions.%I FROM staff_app, staff_system', part);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)', parent, part, day::timestamptz, (day + 1)::timestamptz);
END
$$;
-- +goose StatementEnd

-- drop_partition drops the day's partition and says whether there was one. It soon gives up: readers and
-- writers queue behind it.
-- +goose StatementBegin
CREATE FUNCTION drop_partition(name text, day date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
    part text := public.partition_name(name, day);
BEGIN
    IF to_regclass('partitions.' || part) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE partitions.%I', part);
    RETURN true;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION make_partition(text, date), drop_partition(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_partition(text, date), drop_partition(text, date) TO staff_system;

-- The five tables become daily partitions, with what is in them.
-- +goose StatementBegin
DO $$
DECLARE
    name text;
    day  date;
BEGIN
    SET LOCAL timezone = 'UTC';
    FOREACH name IN ARRAY ARRAY['active_windows', 'visited_sites', 'screenshots', 'user_sessions', 'idle_periods'] LOOP
        EXECUTE format('ALTER TABLE monitoring.%I RENAME TO %I', name, 'whole_' || name);
        EXECUTE format('ALTER TABLE monitoring.%I RENAME CONSTRAINT %I TO %I', 'whole_' || name, name || '_pkey', 'whole_' || name || '_pkey');
        EXECUTE format('DROP INDEX monitoring.%I', 'idx_' || name || '_computer');
        EXECUTE format('CREATE TABLE monitoring.%I (LIKE monitoring.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (organization_id, datetime, id))
            PARTITION BY RANGE (datetime)', name, 'whole_' || name);
        EXECUTE format('CREATE INDEX %I ON monitoring.%I (organization_id, computer_uid, datetime)', 'idx_' || name || '_computer', name);
        -- The owner sees the rows for as long as it moves them.
        EXECUTE format('ALTER TABLE monitoring.%I NO FORCE ROW LEVEL SECURITY', 'whole_' || name);
        FOR day IN EXECUTE format('SELECT DISTINCT datetime::date FROM monitoring.%I', 'whole_' || name) LOOP
            PERFORM make_partition(name, day);
        END LOOP;
        EXECUTE format('INSERT INTO monitoring.%I SELECT * FROM monitoring.%I', name, 'whole_' || name);
        EXECUTE format('DROP TABLE monitoring.%I', 'whole_' || name);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- The site of a page, as people name it: its host without www. Rows that are there already get it from their URL.
ALTER TABLE monitoring.visited_sites ADD COLUMN site varchar(1000) NOT NULL DEFAULT '';
UPDATE monitoring.visited_sites SET site = COALESCE(NULLIF(regexp_replace(trim(BOTH '[]' FROM lower(
    substring(url FROM '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?(\[[^]/?#]*\]|[^]:/?#[]*)'))), '^www\.', ''), ''), url);

-- Who used what, by quarter hour and day of UTC: an event counts where it begins, with all its seconds. The indexes by
-- computer have all columns: a department's month is tens of thousands of rows, which need not be looked up one by one.
CREATE TABLE monitoring.application_usage_15m (
    organization_id bigint NOT NULL,
    bucket          timestamptz NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    process_name    varchar(255) NOT NULL,
    seconds         bigint NOT NULL,
    events          bigint NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, process_name)
);
CREATE INDEX idx_application_usage_15m_computer ON monitoring.application_usage_15m (organization_id, computer_uid, bucket) INCLUDE (user_sid, process_name, seconds, events);
SELECT guard_table('monitoring.application_usage_15m');
CREATE TABLE monitoring.application_usage_1d (
    organization_id bigint NOT NULL,
    bucket          timestamptz NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    process_name    varchar(255) NOT NULL,
    seconds         bigint NOT NULL,
    events          bigint NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, process_name)
);
CREATE INDEX idx_application_usage_1d_computer ON monitoring.application_usage_1d (organization_id, computer_uid, bucket) INCLUDE (user_sid, process_name, seconds, events);
SELECT guard_table('monitoring.application_usage_1d');
CREATE TABLE monitoring.site_usage_15m (
    organization_id bigint NOT NULL,
    bucket          timestamptz NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    site            varchar(1000) NOT NULL,
    seconds         bigint NOT NULL,
    events          bigint NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, site)
);
CREATE INDEX idx_site_usage_15m_computer ON monitoring.site_usage_15m (organization_id, computer_uid, bucket) INCLUDE (user_sid, site, seconds, events);
SELECT guard_table('monitoring.site_usage_15m');
CREATE TABLE monitoring.site_usage_1d (
    organization_id bigint NOT NULL,
    bucket          timestamptz NOT NULL,
    computer_uid    varchar(255) NOT NULL,
    user_sid        varchar(255) NOT NULL,
    site            varchar(1000) NOT NULL,
    seconds         bigint NOT NULL,
    events          bigint NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, site)
);
CREATE INDEX idx_site_usage_1d_computer ON monitoring.site_usage_1d (organization_id, computer_uid, bucket) INCLUDE (user_sid, site, seconds, events);
SELECT guard_table('monitoring.site_usage_1d');

-- A quarter hour that has to be summed again; written with the rows that make it so.
CREATE TABLE monitoring.usage_marks (
    id              bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    organization_id bigint NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('application', 'site')),
    bucket          timestamptz NOT NULL
);
CREATE INDEX idx_usage_marks_bucket ON monitoring.usage_marks (organization_id, kind, bucket);
INSERT INTO monitoring.usage_marks (organization_id, kind, bucket)
    SELECT DISTINCT organization_id, 'application', date_bin('15 minutes', datetime, '2000-01-01 00:00:00+00') FROM monitoring.active_windows
    UNION ALL
    SELECT DISTINCT organization_id, 'site', date_bin('15 minutes', datetime, '2000-01-01 00:00:00+00') FROM monitoring.visited_sites;
SELECT guard_table('monitoring.usage_marks');

-- Rows that began before it are gone on purpose: sums from then stay as they are.
CREATE TABLE monitoring.usage_floors (
    organization_id bigint NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('application', 'site')),
    until           timestamptz NOT NULL,
    PRIMARY KEY (organization_id, kind)
);
SELECT guard_table('monitoring.usage_floors');

SELECT guard_table('monitoring.active_windows');
SELECT guard_table('monitoring.visited_sites');
SELECT guard_table('monitoring.screenshots');
SELECT guard_table('monitoring.user_sessions');
SELECT guard_table('monitoring.idle_periods');

-- Whether time series go here because TimescaleDB is away (active), and whether some still wait to go back to it.
CREATE TABLE timescale_state (
    id         smallint PRIMARY KEY CHECK (id = 1),
    active     boolean NOT NULL DEFAULT false,
    since      timestamptz,
    reason     text NOT NULL DEFAULT '',
    waiting    boolean NOT NULL DEFAULT false,
    moved      bigint NOT NULL DEFAULT 0,
    changed_at timestamptz
);
INSERT INTO timescale_state (id) VALUES (1);
GRANT SELECT, UPDATE ON timescale_state TO staff_system;
GRANT SELECT, UPDATE (moved) ON timescale_state TO staff_app;
