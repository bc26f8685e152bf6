-- +goose Up
-- Of each sign-in, where from. Its id is the family of its refresh tokens, which alone say whether it lasts.
CREATE TABLE sessions (
    id              uuid PRIMARY KEY,
    organization_id bigint,
    user_id         bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method          text NOT NULL CHECK (method IN ('password', 'totp', 'recovery')),
    client_ip       text NOT NULL,
    user_agent      text NOT NULL,
    created_at      timestamptz NOT NULL,
    used_at         timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX idx_sessions_user ON sessions (user_id, created_at DESC, id);
CREATE INDEX idx_sessions_expires ON sessions (expires_at);
SELECT guard_table('sessions');
CREATE INDEX idx_refresh_tokens_user ON refresh_tokens (user_id);

-- Second steps of signing in. The secret is sealed with a key of the server's secret.
CREATE TABLE user_totp (
    user_id         bigint PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    organization_id bigint,
    sealed          text NOT NULL,             -- base64
    last_step       bigint NOT NULL DEFAULT 0, -- of the last code that was taken: none is taken twice
    created_at      timestamptz NOT NULL,
    confirmed_at    timestamptz,               -- null: not asked for yet
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
SELECT guard_table('user_totp');

CREATE TABLE recovery_codes (
    user_id         bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash            text NOT NULL, -- SHA-256, hex
    organization_id bigint,
    used_at         timestamptz,
    PRIMARY KEY (user_id, hash),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
SELECT guard_table('recovery_codes');
