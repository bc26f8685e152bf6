-- +goose Up
-- The site of a page, as people name it: its host without www. Rows that are there already get it from their URL.
ALTER TABLE visited_sites ADD COLUMN site TEXT NOT NULL DEFAULT '';
UPDATE visited_sites SET site = COALESCE((
    WITH a (rest) AS (SELECT substr(url, instr(url, '://') + 3) WHERE url GLOB '[a-zA-Z]*://*'),
         b (rest) AS (SELECT substr(rest, 1, instr(rest || '/', '/') - 1) FROM a),
         c (rest) AS (SELECT substr(rest, 1, instr(rest || '?', '?') - 1) FROM b),
         d (rest) AS (SELECT substr(rest, 1, instr(rest || '#', '#') - 1) FROM c),
         e (rest) AS (SELECT lower(substr(rest, instr(rest, '@') + 1)) FROM d),
         f (rest) AS (SELECT CASE WHEN rest LIKE '[%]%' THEN substr(rest, 2, instr(rest, ']') - 2)
                             ELSE substr(rest, 1, instr(rest || ':', ':') - 1) END FROM e)
    SELECT NULLIF(CASE WHEN rest LIKE 'www.%' THEN substr(rest, 5) ELSE rest END, '') FROM f), url);

-- Who used what, by quarter hour and day of UTC: an event counts where it begins, with all its seconds.
CREATE TABLE application_usage_15m (
    organization_id INTEGER NOT NULL,
    bucket          DATETIME NOT NULL,
    computer_uid    TEXT NOT NULL,
    user_sid        TEXT NOT NULL,
    process_name    TEXT NOT NULL,
    seconds         INTEGER NOT NULL,
    events          INTEGER NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, process_name)
) WITHOUT ROWID;
CREATE INDEX idx_application_usage_15m_computer ON application_usage_15m (organization_id, computer_uid, bucket);
CREATE TABLE application_usage_1d (
    organization_id INTEGER NOT NULL,
    bucket          DATETIME NOT NULL,
    computer_uid    TEXT NOT NULL,
    user_sid        TEXT NOT NULL,
    process_name    TEXT NOT NULL,
    seconds         INTEGER NOT NULL,
    events          INTEGER NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, process_name)
) WITHOUT ROWID;
CREATE INDEX idx_application_usage_1d_computer ON application_usage_1d (organization_id, computer_uid, bucket);
CREATE TABLE site_usage_15m (
    organization_id INTEGER NOT NULL,
    bucket          DATETIME NOT NULL,
    computer_uid    TEXT NOT NULL,
    user_sid        TEXT NOT NULL,
    site            TEXT NOT NULL,
    seconds         INTEGER NOT NULL,
    events          INTEGER NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, site)
) WITHOUT ROWID;
CREATE INDEX idx_site_usage_15m_computer ON site_usage_15m (organization_id, computer_uid, bucket);
CREATE TABLE site_usage_1d (
    organization_id INTEGER NOT NULL,
    bucket          DATETIME NOT NULL,
    computer_uid    TEXT NOT NULL,
    user_sid        TEXT NOT NULL,
    site            TEXT NOT NULL,
    seconds         INTEGER NOT NULL,
    events          INTEGER NOT NULL,
    PRIMARY KEY (organization_id, bucket, computer_uid, user_sid, site)
) WITHOUT ROWID;
CREATE INDEX idx_site_usage_1d_computer ON site_usage_1d (organization_id, computer_uid, bucket);

-- A quarter hour that has to be summed again; written with the rows that make it so.
CREATE TABLE usage_marks (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('application', 'site')),
    bucket          DATETIME NOT NULL
);
CREATE INDEX idx_usage_marks_bucket ON usage_marks (organization_id, kind, bucket);
INSERT INTO usage_marks (organization_id, kind, bucket)
    SELECT DISTINCT organization_id, 'application', strftime('%Y-%m-%d %H:%M:%S+00:00', unixepoch(datetime) / 900 * 900, 'unixepoch') FROM active_windows
    UNION ALL
    SELECT DISTINCT organization_id, 'site', strftime('%Y-%m-%d %H:%M:%S+00:00', unixepoch(datetime) / 900 * 900, 'unixepoch') FROM visited_sites;

-- Rows that began before it are gone on purpose: sums from then stay as they are.
CREATE TABLE usage_floors (
    organization_id INTEGER NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('application', 'site')),
    until           DATETIME NOT NULL,
    PRIMARY KEY (organization_id, kind)
);

-- Whether time series go here because TimescaleDB is away (active), and whether some still wait to go back to it.
CREATE TABLE timescale_state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    active     BOOLEAN NOT NULL DEFAULT FALSE,
    since      DATETIME,
    reason     TEXT NOT NULL DEFAULT '',
    waiting    BOOLEAN NOT NULL DEFAULT FALSE,
    moved      INTEGER NOT NULL DEFAULT 0,
    changed_at DATETIME
);
INSERT INTO timescale_state (id) VALUES (1);
