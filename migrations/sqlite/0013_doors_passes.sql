-- +goose Up
ALTER TABLE devices ADD COLUMN last_seen_at DATETIME; -- the last report of any kind
CREATE INDEX idx_devices_org_address ON devices (organization_id, ip_address);

-- Who went through a door, or tried to: v1's actions. A refused try has no direction and counts for nobody.
CREATE TABLE passes (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    event_key       TEXT NOT NULL, -- says that two reports are the same pass
    device_id       INTEGER,
    gate_id         INTEGER,
    action_time     DATETIME NOT NULL,
    employee_id     INTEGER,
    visitor_id      INTEGER,
    visitor_type    TEXT CHECK (visitor_type IN ('EMPLOYEE', 'VISITOR')), -- null: nobody who is known
    entry_type      TEXT CHECK (entry_type IN ('ENTER', 'EXIT')),
    direction_by    TEXT CHECK (direction_by IN ('device', 'alternation')),
    action_type     TEXT NOT NULL CHECK (action_type IN ('PHOTO', 'CARD', 'CAR', 'QR', 'PERSONAL_CODE', 'ONE_TIME_ID', 'USER')),
    action_result   TEXT NOT NULL CHECK (action_result IN ('SUCCESS', 'DENIED')),
    action_mode     TEXT NOT NULL CHECK (action_mode IN ('ONLINE', 'OFFLINE')),
    granted         BOOLEAN NOT NULL,
    problem         TEXT, -- why it counts for nobody
    device_ip       TEXT NOT NULL DEFAULT '', -- the rest as reported
    device_serial   TEXT NOT NULL DEFAULT '',
    person_name     TEXT NOT NULL DEFAULT '',
    card_number     TEXT NOT NULL DEFAULT '',
    payload         TEXT NOT NULL, -- whole; of a picture its size and sum
    source          TEXT NOT NULL,
    received_at     DATETIME NOT NULL,
    UNIQUE (organization_id, event_key),
    UNIQUE (organization_id, id),
    CHECK (granted OR entry_type IS NULL),
    CHECK ((entry_type IS NULL) = (direction_by IS NULL)),
    FOREIGN KEY (organization_id, device_id) REFERENCES devices (organization_id, id),
    FOREIGN KEY (organization_id, employee_id) REFERENCES employees (organization_id, id)
);
CREATE INDEX idx_passes_org_time ON passes (organization_id, action_time DESC, id DESC);
CREATE INDEX idx_passes_employee ON passes (organization_id, employee_id, action_time DESC, id DESC);
CREATE INDEX idx_passes_device ON passes (organization_id, device_id, action_time DESC, id DESC);
CREATE INDEX idx_passes_unknown ON passes (organization_id, device_ip, action_time, id) WHERE problem = 'device_unknown';

-- What terminals said of themselves: one row for as long as a device says the same.
CREATE TABLE device_statuses (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    device_id       INTEGER, -- null: no device has the address
    device_ip       TEXT NOT NULL,
    device_serial   TEXT NOT NULL DEFAULT '',
    status          TEXT NOT NULL,
    since           DATETIME NOT NULL,
    last_at         DATETIME NOT NULL,
    payload         TEXT NOT NULL, -- of the last report
    received_at     DATETIME NOT NULL,
    FOREIGN KEY (organization_id, device_id) REFERENCES devices (organization_id, id)
);
CREATE INDEX idx_device_statuses_device ON device_statuses (organization_id, device_id, id DESC);
CREATE INDEX idx_device_statuses_address ON device_statuses (organization_id, device_ip, id DESC);

-- What happened at doors and terminals: v1's events, which it did not keep.
CREATE TABLE door_events (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    event_key       TEXT NOT NULL,
    device_id       INTEGER,
    event_type      TEXT NOT NULL,
    at              DATETIME NOT NULL,
    door_number     INTEGER,
    severity        INTEGER,
    description     TEXT NOT NULL DEFAULT '',
    problem         TEXT,
    device_ip       TEXT NOT NULL DEFAULT '',
    device_serial   TEXT NOT NULL DEFAULT '',
    payload         TEXT NOT NULL,
    source          TEXT NOT NULL,
    received_at     DATETIME NOT NULL,
    UNIQUE (organization_id, event_key),
    FOREIGN KEY (organization_id, device_id) REFERENCES devices (organization_id, id)
);
CREATE INDEX idx_door_events_org_at ON door_events (organization_id, at DESC, id DESC);
CREATE INDEX idx_door_events_device ON door_events (organization_id, device_id, at DESC);
