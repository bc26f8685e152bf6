-- +goose Up
CREATE TABLE organizations (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    full_name          TEXT NOT NULL,
    short_name         TEXT NOT NULL UNIQUE,
    address            TEXT,
    phone              TEXT,
    email              TEXT,
    logo               TEXT,
    additional_details TEXT,
    language           TEXT NOT NULL DEFAULT 'uz',
    zone               TEXT NOT NULL DEFAULT 'Asia/Tashkent',
    is_active          BOOLEAN NOT NULL DEFAULT true,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL
);

CREATE TABLE departments (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id    INTEGER NOT NULL REFERENCES organizations (id),
    parent_id          INTEGER,
    full_name          TEXT NOT NULL,
    short_name         TEXT NOT NULL,
    address            TEXT,
    phone              TEXT,
    email              TEXT,
    additional_details TEXT,
    is_active          BOOLEAN NOT NULL DEFAULT true,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, parent_id) REFERENCES departments (organization_id, id)
);
CREATE INDEX idx_departments_org_parent ON departments (organization_id, parent_id);
