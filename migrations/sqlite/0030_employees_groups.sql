-- +goose Up
-- Groups of people across departments. An employee may be in several.
CREATE TABLE employee_groups (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    name_search     TEXT NOT NULL, -- folded: lower case, both scripts alike
    description     TEXT,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name)
);

CREATE TABLE employee_group_members (
    organization_id INTEGER NOT NULL,
    group_id        INTEGER NOT NULL,
    employee_id     INTEGER NOT NULL,
    created_at      DATETIME NOT NULL,
    PRIMARY KEY (organization_id, group_id, employee_id),
    FOREIGN KEY (organization_id, group_id) REFERENCES employee_groups (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, employee_id) REFERENCES employees (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_employee_group_members_employee ON employee_group_members (organization_id, employee_id);

-- Where the photo is that was uploaded; NULL for none. The column photo is v1's, a text.
ALTER TABLE employees ADD COLUMN photo_file TEXT;
