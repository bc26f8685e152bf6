-- +goose Up
CREATE TABLE policies (
    id                      INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id         INTEGER NOT NULL REFERENCES organizations (id),
    title                   TEXT NOT NULL,
    active_window           BOOLEAN NOT NULL DEFAULT true,
    screenshot              BOOLEAN NOT NULL DEFAULT true,
    visited_sites           BOOLEAN NOT NULL DEFAULT true,
    is_default              BOOLEAN NOT NULL DEFAULT false,
    screenshot_interval     INTEGER, -- seconds
    screenshot_is_grayscale BOOLEAN,
    screenshot_capture_all  BOOLEAN,
    is_active               BOOLEAN NOT NULL DEFAULT true,
    created_at              DATETIME NOT NULL,
    updated_at              DATETIME NOT NULL,
    UNIQUE (organization_id, id)
);
