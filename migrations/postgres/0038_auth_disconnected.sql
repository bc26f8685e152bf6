-- +goose Up
-- A user who was disconnected from the provider has no subject there, and no claim connects it again.
ALTER TABLE user_identities ALTER COLUMN subject DROP NOT NULL;
