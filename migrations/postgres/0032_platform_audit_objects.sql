-- +goose Up
-- What was changed of one thing, newest first.
CREATE INDEX idx_audit_log_object ON audit_log (organization_id, object, at DESC, id DESC);
