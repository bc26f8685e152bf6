-- +goose Up
-- What an organization changes of the calendar that all have: one entry a day.
CREATE TABLE calendar_days (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    day             TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    kind            TEXT NOT NULL CHECK (kind IN ('holiday', 'off', 'work', 'usual')),
    name            TEXT NOT NULL,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, day)
);

-- Work that cannot stop goes on on holidays.
ALTER TABLE work_schedules ADD COLUMN keeps_holidays BOOLEAN NOT NULL DEFAULT true;
