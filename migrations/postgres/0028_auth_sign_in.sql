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
