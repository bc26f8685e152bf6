-- +goose Up
-- A user who was disconnected from the provider has no subject there, and no claim connects it again. SQLite takes no
-- NOT NULL away, so the table is made anew.
CREATE TABLE user_identities_next (
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer          TEXT NOT NULL,
    subject         TEXT,
    organization_id INTEGER,
    created_at      DATETIME NOT NULL,
    PRIMARY KEY (user_id, issuer),
    UNIQUE (issuer, subject),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
INSERT INTO user_identities_next SELECT user_id, issuer, subject, organization_id, created_at FROM user_identities;
DROP TABLE user_identities;
ALTER TABLE user_identities_next RENAME TO user_identities;
