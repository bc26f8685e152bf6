-- +goose Up
-- Companies that were made up. The row stays when the company has been removed, so that it does not come back by itself.
CREATE TABLE demo_companies (
    organization_id bigint PRIMARY KEY REFERENCES organizations (id),
    seed            bigint NOT NULL,
    employees       integer NOT NULL,
    days            integer NOT NULL,
    token_hash      text NOT NULL, -- SHA-256, hex: of whoever makes it up
    key_id          bigint NOT NULL DEFAULT 0, -- of the agents
    made_at         timestamptz NOT NULL,
    staffed_at      timestamptz, -- when its people and computers were all there
    sent_until      timestamptz, -- what happened until then has been sent
    removed_at      timestamptz
);
SELECT guard_table('demo_companies');
