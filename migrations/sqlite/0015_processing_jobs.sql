-- +goose Up
-- What v1's clients ordered, and what became of it. What carries them is not here: one job of the queue works off an
-- organization's rows, a few at a time.
CREATE TABLE processing_jobs (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    job_id          TEXT NOT NULL, -- the client's
    ordered_by      TEXT NOT NULL, -- the key
    batch_id        TEXT NOT NULL DEFAULT '',
    data_type       TEXT NOT NULL,
    priority        INTEGER NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('PENDING', 'PROCESSING', 'RETRY', 'COMPLETED', 'FAILED')),
    request         TEXT,          -- until it is completed
    data_size       INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_at         DATETIME NOT NULL, -- when it is tried; of one that is being tried, when it is taken for lost
    result          TEXT,
    error           TEXT NOT NULL DEFAULT '',
    records         INTEGER NOT NULL DEFAULT 0,
    duration_ms     INTEGER NOT NULL DEFAULT 0,
    created_at      DATETIME NOT NULL,
    started_at      DATETIME,
    finished_at     DATETIME,
    UNIQUE (organization_id, job_id)
);
CREATE INDEX idx_processing_jobs_turn ON processing_jobs (organization_id, status, priority DESC, id);
CREATE INDEX idx_processing_jobs_batch ON processing_jobs (organization_id, batch_id, id) WHERE batch_id <> '';
CREATE INDEX idx_processing_jobs_finished ON processing_jobs (organization_id, finished_at DESC) WHERE finished_at IS NOT NULL;
