-- +goose Up
CREATE SCHEMA monitoring;
GRANT USAGE ON SCHEMA public, monitoring TO staff_app, staff_system;
GRANT SELECT ON goose_db_version TO staff_app, staff_system;

-- organization_of_session is the organization that the transaction named; null if it named none.
CREATE FUNCTION organization_of_session() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT NULLIF(current_setting('app.current_organization_id', true), '')::bigint $$;

-- guard_table puts row level security on a table: tenants see and write rows whose column names their
-- organization, staff_system sees all.
-- +goose StatementBegin
CREATE FUNCTION guard_table(name regclass, organization_column text DEFAULT 'organization_id') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %s TO staff_app USING (%I = organization_of_session()) WITH CHECK (%I = organization_of_session())',
                   name, organization_column, organization_column);
    EXECUTE format('CREATE POLICY system ON %s TO staff_system USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO staff_app, staff_system', name);
END
$$;
-- +goose StatementEnd

-- What people did; written in the same transaction as what they did.
CREATE TABLE audit_log (
    id              uuid PRIMARY KEY,
    organization_id bigint,
    at              timestamptz NOT NULL,
    actor           text NOT NULL,
    action          text NOT NULL,
    permission      text NOT NULL,
    object          text NOT NULL,
    reason          text NOT NULL DEFAULT '',
    before          jsonb,
    after           jsonb,
    client_ip       text NOT NULL DEFAULT '',
    trace_id        text NOT NULL DEFAULT ''
);
CREATE INDEX idx_audit_log_org_at ON audit_log (organization_id, at DESC, id);
SELECT guard_table('audit_log');
REVOKE UPDATE, DELETE ON audit_log FROM staff_app;
