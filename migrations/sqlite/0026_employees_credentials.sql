-- +goose Up
ALTER TABLE employees ADD COLUMN personal_id TEXT CHECK (personal_id GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'); -- PINFL
ALTER TABLE employees ADD COLUMN position TEXT;
CREATE UNIQUE INDEX idx_employees_org_personal ON employees (organization_id, personal_id);

-- What an employee shows at a door: cards, cars and the like.
CREATE TABLE credentials (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id    INTEGER NOT NULL,
    employee_id        INTEGER NOT NULL,
    type               TEXT NOT NULL CHECK (type IN ('PHOTO', 'CARD', 'CAR', 'QR', 'PERSONAL_CODE', 'ONE_TIME_ID', 'USER')),
    code               TEXT NOT NULL,
    model              TEXT, -- of a car
    additional_details TEXT,
    is_active          BOOLEAN NOT NULL DEFAULT true,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, employee_id) REFERENCES employees (organization_id, id)
);
CREATE INDEX idx_credentials_employee ON credentials (organization_id, employee_id, id);
-- One card in force is one person's.
CREATE UNIQUE INDEX idx_credentials_org_code ON credentials (organization_id, type, code) WHERE is_active;
