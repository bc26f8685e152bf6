-- +goose Up
CREATE TABLE computers (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    computer_uid    TEXT NOT NULL,
    name            TEXT NOT NULL DEFAULT '',
    os              TEXT,
    ip_address      TEXT,
    mac_address     TEXT,
    agent_version   TEXT,
    search          TEXT NOT NULL DEFAULT '', -- what a search looks in, in lower case
    last_seen_at    DATETIME,
    is_active       BOOLEAN NOT NULL DEFAULT true,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, computer_uid)
);

-- A Windows user. Unlinked until somebody says who it is.
CREATE TABLE computer_users (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    sid             TEXT NOT NULL,
    name            TEXT NOT NULL DEFAULT '',
    domain          TEXT,
    username        TEXT NOT NULL DEFAULT '',
    search          TEXT NOT NULL DEFAULT '',
    is_admin        BOOLEAN NOT NULL DEFAULT false,
    is_in_domain    BOOLEAN NOT NULL DEFAULT false,
    is_active       BOOLEAN NOT NULL DEFAULT true,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, sid)
);

CREATE TABLE users_on_computers (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id  INTEGER NOT NULL,
    computer_user_id INTEGER NOT NULL,
    computer_id      INTEGER NOT NULL,
    is_active        BOOLEAN NOT NULL DEFAULT true,
    last_seen_at     DATETIME,
    created_at       DATETIME NOT NULL,
    updated_at       DATETIME NOT NULL,
    UNIQUE (organization_id, computer_user_id, computer_id),
    FOREIGN KEY (organization_id, computer_user_id) REFERENCES computer_users (organization_id, id),
    FOREIGN KEY (organization_id, computer_id) REFERENCES computers (organization_id, id)
);
CREATE INDEX idx_users_on_computers_computer ON users_on_computers (organization_id, computer_id);

-- Who a Windows user was, and when. linked_from null: always; linked_until null: until now.
CREATE TABLE computer_user_links (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id  INTEGER NOT NULL,
    computer_user_id INTEGER NOT NULL,
    employee_id      INTEGER NOT NULL,
    linked_from      DATETIME,
    linked_until     DATETIME,
    created_at       DATETIME NOT NULL,
    FOREIGN KEY (organization_id, computer_user_id) REFERENCES computer_users (organization_id, id),
    FOREIGN KEY (organization_id, employee_id) REFERENCES employees (organization_id, id)
);
CREATE INDEX idx_computer_user_links_user ON computer_user_links (organization_id, computer_user_id);
CREATE INDEX idx_computer_user_links_employee ON computer_user_links (organization_id, employee_id);
