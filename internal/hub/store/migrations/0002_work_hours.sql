-- +goose Up
-- subject_id is a user or a group; ids of both never meet.
CREATE TABLE work_hours (
  subject_id TEXT NOT NULL PRIMARY KEY,
  hours TEXT NOT NULL
);

CREATE TABLE hours_lifted (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
  until BIGINT NOT NULL
);

CREATE TABLE reminders (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  per_hour BIGINT NOT NULL,
  every BIGINT NOT NULL,
  may_pause_today BIGINT NOT NULL
);
