-- +goose Up
-- The passes of known people that count, as lists of them are read and counted.
CREATE INDEX idx_passes_counted ON passes (organization_id, action_time DESC, id DESC) WHERE employee_id IS NOT NULL AND entry_type IS NOT NULL;
