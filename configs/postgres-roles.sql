-- The three database roles. Run once as a superuser, in any database of the server, then give the two
-- login roles their passwords (ALTER ROLE … PASSWORD) and make the database:
--   CREATE DATABASE staff_control OWNER staff_owner;
--
-- staff_owner   owns the tables and runs `staff-control migrate` (DATABASE_OWNER_URL); it never serves.
-- staff_system  crosses organizations; nobody logs in as it.
-- staff_app     serves (DATABASE_URL). NOINHERIT matters: it may SET ROLE to staff_system, but inherits
--               nothing; with INHERIT the policies made for staff_system would apply to it and show it every tenant.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'staff_owner') THEN
        CREATE ROLE staff_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'staff_system') THEN
        CREATE ROLE staff_system NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'staff_app') THEN
        CREATE ROLE staff_app LOGIN NOINHERIT;
    END IF;
END
$$;
GRANT staff_system TO staff_app;
