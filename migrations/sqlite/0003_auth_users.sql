-- +goose Up
-- A user without an organization is an ADMIN: the operator of the whole system, seen by staff_system only.
CREATE TABLE users (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id    INTEGER REFERENCES organizations (id),
    name               TEXT NOT NULL,
    username           TEXT NOT NULL UNIQUE,
    password           TEXT NOT NULL, -- bcrypt
    role               TEXT NOT NULL CHECK (role IN ('ADMIN', 'HR', 'DEPARTMENT_LEAD', 'GUARD')),
    language           TEXT NOT NULL DEFAULT '',
    failed_logins      INTEGER NOT NULL DEFAULT 0,
    locked_until       DATETIME,
    is_active          BOOLEAN NOT NULL DEFAULT true,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL,
    UNIQUE (organization_id, id)
);

CREATE TABLE department_users (
    organization_id INTEGER NOT NULL,
    user_id         INTEGER NOT NULL,
    department_id   INTEGER NOT NULL,
    PRIMARY KEY (user_id, department_id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, department_id) REFERENCES departments (organization_id, id)
);

-- A family is one sign-in; each refresh replaces its token. A token used twice ends the family.
CREATE TABLE refresh_tokens (
    hash            TEXT PRIMARY KEY, -- SHA-256, hex
    organization_id INTEGER,
    family          TEXT NOT NULL,
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at      DATETIME NOT NULL,
    expires_at      DATETIME NOT NULL,
    used_at         DATETIME,
    revoked_at      DATETIME,
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX idx_refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX idx_refresh_tokens_expires ON refresh_tokens (expires_at);

CREATE TABLE api_keys (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    type            TEXT NOT NULL CHECK (type IN ('AGENT', 'HIKVISION', 'ADMIN')),
    hash            TEXT NOT NULL UNIQUE, -- SHA-256, hex
    prefix          TEXT NOT NULL,        -- the first characters, to recognise it by
    description     TEXT NOT NULL DEFAULT '',
    rate_limit      INTEGER,              -- requests a minute
    allowed_ips     TEXT NOT NULL DEFAULT '',
    is_active       BOOLEAN NOT NULL DEFAULT true,
    expires_at      DATETIME,
    revoked_at      DATETIME,
    last_used_at    DATETIME,
    created_at      DATETIME NOT NULL
);
CREATE INDEX idx_api_keys_org ON api_keys (organization_id, id);
