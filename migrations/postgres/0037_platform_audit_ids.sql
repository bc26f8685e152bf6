-- +goose Up
-- What happened to one thing by the ids of entries, also for an administrator of all organizations: a user's history.
CREATE INDEX idx_audit_log_object_id ON audit_log (object, id DESC);
