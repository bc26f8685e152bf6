-- +goose Up
-- Who comes to visit: v1's visitors, with whom they come to see. One that v1's administrator wrote down without an
-- organization has none, and is seen by staff_system only; so its codes and visits.
CREATE TABLE visitors (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id    INTEGER REFERENCES organizations (id),
    first_name         TEXT NOT NULL,
    last_name          TEXT NOT NULL,
    middle_name        TEXT,
    name_search        TEXT NOT NULL, -- folded: last, first and middle name
    birthday           TEXT, -- as v1 kept it: any text
    phone              TEXT,
    passport_number    TEXT,
    pinfl              TEXT,
    work_place         TEXT,
    additional_details TEXT,
    host_id            INTEGER, -- the employee who is visited
    creator_id         INTEGER REFERENCES users (id),
    is_active          BOOLEAN NOT NULL DEFAULT true,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, host_id) REFERENCES employees (organization_id, id)
);
CREATE INDEX idx_visitors_org_name ON visitors (organization_id, name_search, id);
CREATE INDEX idx_visitors_org_created ON visitors (organization_id, created_at DESC, id DESC);
CREATE INDEX idx_visitors_host ON visitors (organization_id, host_id) WHERE host_id IS NOT NULL;
CREATE INDEX idx_visitors_creator ON visitors (creator_id);

-- What visitors show at desks and doors: v1's codes, with how often they were used.
CREATE TABLE onetime_codes (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id    INTEGER REFERENCES organizations (id),
    visitor_id         INTEGER NOT NULL REFERENCES visitors (id),
    code_type          TEXT NOT NULL CHECK (code_type IN ('ONETIME', 'MULTIPLE')),
    code               TEXT NOT NULL,
    additional_details TEXT,
    start_date         DATETIME NOT NULL,
    end_date           DATETIME NOT NULL,
    max_uses           INTEGER CHECK (max_uses > 0), -- null: no bound
    uses               INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
    last_used_at       DATETIME,
    is_active          BOOLEAN NOT NULL DEFAULT true,
    creator_id         INTEGER REFERENCES users (id),
    created_at         DATETIME NOT NULL,
    UNIQUE (organization_id, id),
    CHECK (max_uses IS NULL OR uses <= max_uses),
    FOREIGN KEY (organization_id, visitor_id) REFERENCES visitors (organization_id, id)
);
-- v1 kept codes twice; of those that can be used there is one.
CREATE UNIQUE INDEX idx_onetime_codes_code ON onetime_codes (COALESCE(organization_id, 0), code) WHERE is_active;
CREATE INDEX idx_onetime_codes_text ON onetime_codes (code) WHERE is_active;
CREATE INDEX idx_onetime_codes_org_created ON onetime_codes (organization_id, created_at DESC, id DESC);
CREATE INDEX idx_onetime_codes_visitor ON onetime_codes (visitor_id, id);
CREATE INDEX idx_onetime_codes_creator ON onetime_codes (creator_id);

-- Who came in as a visitor, and left.
CREATE TABLE visits (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER REFERENCES organizations (id),
    visitor_id      INTEGER NOT NULL REFERENCES visitors (id),
    code_id         INTEGER, -- that was used, if one was
    host_id         INTEGER,
    badge           TEXT,
    note            TEXT,
    checked_in_at   DATETIME NOT NULL,
    checked_in_by   INTEGER REFERENCES users (id), -- null: a door
    expected_until  DATETIME NOT NULL,
    checked_out_at  DATETIME,
    checked_out_by  INTEGER REFERENCES users (id),
    UNIQUE (organization_id, id),
    CHECK (checked_out_at >= checked_in_at),
    FOREIGN KEY (organization_id, visitor_id) REFERENCES visitors (organization_id, id),
    FOREIGN KEY (organization_id, code_id) REFERENCES onetime_codes (organization_id, id),
    FOREIGN KEY (organization_id, host_id) REFERENCES employees (organization_id, id)
);
CREATE UNIQUE INDEX idx_visits_inside ON visits (visitor_id) WHERE checked_out_at IS NULL;
CREATE UNIQUE INDEX idx_visits_badge ON visits (COALESCE(organization_id, 0), badge) WHERE checked_out_at IS NULL AND badge IS NOT NULL;
CREATE INDEX idx_visits_overstay ON visits (organization_id, expected_until) WHERE checked_out_at IS NULL;
CREATE INDEX idx_visits_org_at ON visits (organization_id, checked_in_at DESC, id DESC);
CREATE INDEX idx_visits_visitor ON visits (visitor_id, checked_in_at DESC);
CREATE INDEX idx_visits_code ON visits (organization_id, code_id) WHERE code_id IS NOT NULL;
CREATE INDEX idx_visits_host ON visits (organization_id, host_id) WHERE host_id IS NOT NULL;

CREATE INDEX idx_passes_of_visitor ON passes (organization_id, visitor_id, action_time DESC, id DESC) WHERE visitor_id IS NOT NULL;
