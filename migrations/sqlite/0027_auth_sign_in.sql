-- +goose Up
-- Of each sign-in, where from. Its id is the family of its refresh tokens, which alone say whether it lasts.
CREATE TABLE sessions (
    id              TEXT PRIMARY KEY,
    organization_id INTEGER,
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method          TEXT NOT NULL CHECK (method IN ('password', 'totp', 'recovery')),
    client_ip       TEXT NOT NULL,
    user_agent      TEXT NOT NULL,
    created_at      DATETIME NOT NULL,
    used_at         DATETIME NOT NULL,
    expires_at      DATETIME NOT NULL,
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX idx_sessions_user ON sessions (user_id, created_at DESC, id);
CREATE INDEX idx_sessions_expires ON sessions (expires_at);
CREATE INDEX idx_refresh_tokens_user ON refresh_tokens (user_id);

-- Second steps of signing in. The secret is sealed with a key of the server's secret.
CREATE TABLE user_totp (
    user_id         INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    organization_id INTEGER,
    sealed          TEXT NOT NULL,              -- base64
    last_step       INTEGER NOT NULL DEFAULT 0, -- of the last code that was taken: none is taken twice
    created_at      DATETIME NOT NULL,
    confirmed_at    DATETIME,                   -- null: not asked for yet
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE recovery_codes (
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash            TEXT NOT NULL, -- SHA-256, hex
    organization_id INTEGER,
    used_at         DATETIME,
    PRIMARY KEY (user_id, hash),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);

-- Tokens by which programs act for their creator, within one organization, as far as their scopes go.
CREATE TABLE api_tokens (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- an ADMIN is of no organization
    name            TEXT NOT NULL,
    hash            TEXT NOT NULL UNIQUE, -- SHA-256, hex
    prefix          TEXT NOT NULL,        -- the first characters, to recognise it by
    scopes          TEXT NOT NULL,        -- names of permissions between commas
    created_at      DATETIME NOT NULL,
    expires_at      DATETIME NOT NULL,
    revoked_at      DATETIME,
    last_used_at    DATETIME
);
CREATE INDEX idx_api_tokens_user ON api_tokens (user_id, id);
CREATE INDEX idx_api_tokens_org ON api_tokens (organization_id, id);
CREATE INDEX idx_api_tokens_expires ON api_tokens (expires_at);

ALTER TABLE users ADD COLUMN must_change_password BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE users ADD COLUMN password_changed_at DATETIME; -- null: when the user was made
