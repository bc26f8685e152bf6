-- +goose Up
-- Companies that were made up. The row stays when the company has been removed, so that it does not come back by itself.
CREATE TABLE demo_companies (
    organization_id INTEGER PRIMARY KEY REFERENCES organizations (id),
    seed            INTEGER NOT NULL,
    employees       INTEGER NOT NULL,
    days            INTEGER NOT NULL,
    token_hash      TEXT NOT NULL, -- SHA-256, hex: of whoever makes it up
    key_id          INTEGER NOT NULL DEFAULT 0, -- of the agents
    made_at         DATETIME NOT NULL,
    staffed_at      DATETIME, -- when its people and computers were all there
    sent_until      DATETIME, -- what happened until then has been sent
    removed_at      DATETIME
);
