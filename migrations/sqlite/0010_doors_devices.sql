-- +goose Up
-- Door terminals as v1 knew them; the password is sealed before it is stored.
CREATE TABLE devices (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id    INTEGER NOT NULL REFERENCES organizations (id),
    gate_id            INTEGER,
    name               TEXT,
    entry_type         TEXT CHECK (entry_type IN ('ENTER', 'EXIT', 'BOTH')),
    ip_address         TEXT,
    login              TEXT,
    password           TEXT,
    welcome_text       TEXT,
    welcome_text_type  TEXT CHECK (welcome_text_type IN ('NO_TEXT', 'CUSTOM_TEXT', 'EMPLOYEE_NAME')),
    welcome_photo      TEXT,
    welcome_photo_type TEXT CHECK (welcome_photo_type IN ('NO_PHOTO', 'CUSTOM_PHOTO', 'EMPLOYEE_PHOTO')),
    type               TEXT CHECK (type IN ('FACE', 'CARD', 'CAR', 'QR', 'ACCESS_CONTROL', 'BIOMETRIC', 'OTHER')),
    firmware           TEXT,
    manufacturer       TEXT,
    model              TEXT,
    serial_number      TEXT,
    is_active          BOOLEAN NOT NULL DEFAULT true,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL,
    UNIQUE (organization_id, id)
);
