-- +goose Up
-- How often a device showed reminders of a kind on a day. Nothing else of them leaves the device.
CREATE TABLE reminder_counts (
  device_id TEXT NOT NULL REFERENCES devices (id),
  day TEXT NOT NULL,
  kind TEXT NOT NULL,
  shown BIGINT NOT NULL,
  answered BIGINT NOT NULL,
  PRIMARY KEY (device_id, day, kind)
);
CREATE INDEX reminder_counts_day ON reminder_counts (day);

-- What users wrote under "I made a mistake". The text is sealed: people may quote a secret in it.
CREATE TABLE self_reports (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  device_id TEXT NOT NULL REFERENCES devices (id),
  account_id TEXT NOT NULL,
  lease_id TEXT NOT NULL,
  about TEXT NOT NULL,
  noticed_at BIGINT NOT NULL,
  reported_at BIGINT NOT NULL,
  sealed BYTEA NOT NULL
);

CREATE TABLE acknowledgements (
  user_id TEXT NOT NULL REFERENCES users (id),
  text_id TEXT NOT NULL,
  version TEXT NOT NULL,
  device_id TEXT NOT NULL REFERENCES devices (id),
  at BIGINT NOT NULL,
  PRIMARY KEY (user_id, text_id, version)
);
