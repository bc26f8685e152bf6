-- +goose Up
CREATE TABLE employees (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id    INTEGER NOT NULL REFERENCES organizations (id),
    department_id      INTEGER NOT NULL,
    policy_id          INTEGER,
    name               TEXT NOT NULL,
    name_search        TEXT NOT NULL, -- folded: lower case, both scripts alike
    address            TEXT,
    phone              TEXT,
    email              TEXT,
    photo              TEXT,
    additional_details TEXT,
    is_active          BOOLEAN NOT NULL DEFAULT true,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, department_id) REFERENCES departments (organization_id, id),
    FOREIGN KEY (organization_id, policy_id) REFERENCES policies (organization_id, id)
);
CREATE INDEX idx_employees_org_department ON employees (organization_id, department_id);
CREATE INDEX idx_employees_org_name ON employees (organization_id, name_search, id);
