-- +goose Up
-- Who a user is at the provider of OIDC sign-ins.
CREATE TABLE user_identities (
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer          TEXT NOT NULL,
    subject         TEXT NOT NULL,
    organization_id INTEGER,
    created_at      DATETIME NOT NULL,
    PRIMARY KEY (user_id, issuer),
    UNIQUE (issuer, subject),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);

-- Sign-ins that have come back from the provider, so that none comes back twice. What they prove is in the browser's cookie.
CREATE TABLE oidc_sign_ins (
    hash            TEXT PRIMARY KEY, -- SHA-256 of the cookie's secret, hex
    organization_id INTEGER,
    user_id         INTEGER REFERENCES users (id) ON DELETE CASCADE, -- of whom the second step is still asked
    subject         TEXT NOT NULL DEFAULT '',
    expires_at      DATETIME NOT NULL,
    ended_at        DATETIME,
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX idx_oidc_sign_ins_expires ON oidc_sign_ins (expires_at);

-- One more method. SQLite changes no CHECK, so the table is made anew.
CREATE TABLE sessions_next (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER,
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method          TEXT NOT NULL CHECK (method IN ('password', 'totp', 'recovery', 'oidc')),
    client_ip       TEXT NOT NULL,
    user_agent      TEXT NOT NULL,
    created_at      DATETIME NOT NULL,
    used_at         DATETIME NOT NULL,
    expires_at      DATETIME NOT NULL,
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
INSERT INTO sessions_next SELECT id, organization_id, user_id, method, client_ip, user_agent, created_at, used_at, expires_at FROM sessions;
DROP TABLE sessions;
ALTER TABLE sessions_next RENAME TO sessions;
CREATE INDEX idx_sessions_user ON sessions (user_id, created_at DESC, id);
CREATE INDEX idx_sessions_expires ON sessions (expires_at);
