-- +goose Up
-- When somebody does not work, and why. The days are whole, on the clocks of the organization, and both are part of it.
CREATE TABLE absences (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    employee_id     INTEGER NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('vacation', 'sick', 'trip', 'unpaid', 'study', 'maternity', 'other')),
    first_day       TEXT NOT NULL CHECK (first_day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    last_day        TEXT NOT NULL CHECK (last_day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    reason          TEXT,
    created_by      INTEGER REFERENCES users (id), -- null: not a user
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    CHECK (first_day <= last_day),
    FOREIGN KEY (organization_id, employee_id) REFERENCES employees (organization_id, id)
);
CREATE INDEX idx_absences_employee ON absences (organization_id, employee_id, last_day);
CREATE INDEX idx_absences_days ON absences (organization_id, last_day);
CREATE INDEX idx_absences_creator ON absences (created_by);
