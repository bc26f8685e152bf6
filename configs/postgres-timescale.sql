-- Makes a database ready for TimescaleDB. Run as a superuser in the database that is to have the time series, after
-- postgres-roles.sql, and again after each ALTER EXTENSION timescaledb UPDATE:
--   psql -d staff_control -f configs/postgres-timescale.sql
--
-- Everybody may call the extension's functions, and not all of them ask whose a table is: drop_chunk drops a day of any
-- tenant. Those that could change anything are for the tables' owner alone; the server refuses to serve with a role that
-- may call one.
CREATE EXTENSION IF NOT EXISTS timescaledb;
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT p.oid FROM pg_extension AS e JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
        JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        WHERE e.extname = 'timescaledb' AND p.provolatile = 'v' LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %1$s FROM PUBLIC; GRANT EXECUTE ON ROUTINE %1$s TO staff_owner', f);
    END LOOP;
END
$$;
