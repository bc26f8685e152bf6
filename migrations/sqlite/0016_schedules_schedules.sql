-- +goose Up
-- When people work: on which days, from when until when. An end that is not after its start is on the next day.
CREATE TABLE work_schedules (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    days            INTEGER NOT NULL CHECK (days BETWEEN 1 AND 127), -- bit 0 is Monday
    start_minute    INTEGER NOT NULL CHECK (start_minute BETWEEN 0 AND 1439), -- of the day, on the clocks of the organization
    end_minute      INTEGER NOT NULL CHECK (end_minute BETWEEN 0 AND 1439),
    break_start     INTEGER CHECK (break_start BETWEEN 0 AND 1439),
    break_end       INTEGER CHECK (break_end BETWEEN 0 AND 1439),
    grace_minutes   INTEGER NOT NULL DEFAULT 0 CHECK (grace_minutes >= 0),
    is_default      BOOLEAN NOT NULL DEFAULT false,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name)
);
CREATE UNIQUE INDEX idx_work_schedules_default ON work_schedules (organization_id) WHERE is_default;

-- The schedule of a department and of those below it that have none of their own.
CREATE TABLE department_schedules (
    organization_id INTEGER NOT NULL,
    department_id   INTEGER NOT NULL,
    schedule_id     INTEGER NOT NULL,
    updated_at      DATETIME NOT NULL,
    PRIMARY KEY (organization_id, department_id),
    FOREIGN KEY (organization_id, department_id) REFERENCES departments (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, schedule_id) REFERENCES work_schedules (organization_id, id)
);
CREATE INDEX idx_department_schedules_schedule ON department_schedules (organization_id, schedule_id);
