-- +goose Up
-- Who a user is at the provider of OIDC sign-ins.
CREATE TABLE user_identities (
    user_id         bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer          text NOT NULL,
    subject         text NOT NULL,
    organization_id bigint,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (user_id, issuer),
    UNIQUE (issuer, subject),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
SELECT guard_table('user_identities');

-- Sign-ins that have come back from the provider, so that none comes back twice. What they prove is in the browser's cookie.
CREATE TABLE oidc_sign_ins (
    hash            text PRIMARY KEY, -- SHA-256 of the cookie's secret, hex
    organization_id bigint,
    user_id         bigint REFERENCES users (id) ON DELETE CASCADE, -- of whom the second step is still asked
    subject         text NOT NULL DEFAULT '',
    expires_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX idx_oidc_sign_ins_expires ON oidc_sign_ins (expires_at);
SELECT guard_table('oidc_sign_ins');

ALTER TABLE sessions DROP CONSTRAINT sessions_method_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_method_check CHECK (method IN ('password', 'totp', 'recovery', 'oidc'));
