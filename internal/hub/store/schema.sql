-- The hub's tables as they are after every migration. sqlc reads this file; a test holds it against what the
-- migrations make, on both engines. Change it together with a new file in migrations/.
--
-- One text for SQLite and PostgreSQL: TEXT, BIGINT and BYTEA only. Moments are microseconds since 1970 (0 is none),
-- durations microseconds, booleans 0 or 1, sequence numbers the bits of an unsigned number.

CREATE TABLE hub (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  signing_public BYTEA NOT NULL,
  signing_sealed BYTEA NOT NULL,
  tls_cert BYTEA NOT NULL,
  tls_key_sealed BYTEA NOT NULL,
  state TEXT NOT NULL,
  rollback_accepted_at BIGINT NOT NULL
);

CREATE TABLE kek_checks (
  version BIGINT NOT NULL PRIMARY KEY,
  sealed BYTEA NOT NULL
);

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  roles TEXT NOT NULL, -- sorted, with commas between
  active BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE api_tokens (
  id TEXT NOT NULL PRIMARY KEY,
  hash BYTEA NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id),
  label TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL
);
CREATE INDEX api_tokens_of_user ON api_tokens (user_id);
CREATE INDEX api_tokens_over ON api_tokens (expires_at);
CREATE INDEX api_tokens_ended ON api_tokens (ended_at) WHERE ended_at > 0;

CREATE TABLE codes (
  id TEXT NOT NULL PRIMARY KEY,
  hash BYTEA NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  user_id TEXT NOT NULL, -- empty for the first owner, so not a reference
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL
);
CREATE INDEX codes_of_user ON codes (user_id) WHERE used_at = 0;
CREATE INDEX codes_over ON codes (expires_at);

CREATE TABLE user_groups (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES user_groups (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_of_user ON group_members (user_id);

CREATE TABLE accounts (
  id TEXT NOT NULL PRIMARY KEY,
  network TEXT NOT NULL,
  handle TEXT NOT NULL,
  access_mode TEXT NOT NULL,
  exclusive BIGINT NOT NULL,
  enabled BIGINT NOT NULL,
  max_duration BIGINT NOT NULL,
  offline_grace BIGINT NOT NULL,
  lease_storage TEXT NOT NULL,
  allow_show BIGINT NOT NULL,
  credential_version BIGINT NOT NULL,
  has_code_seed BIGINT NOT NULL,
  rotation_due BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (network, handle)
);

CREATE TABLE credentials (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
  version BIGINT NOT NULL,
  sealed BYTEA NOT NULL,
  seed BYTEA NOT NULL,
  kek_version BIGINT NOT NULL
);

CREATE TABLE risk_acceptances (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
  clause TEXT NOT NULL,
  text_hash TEXT NOT NULL,
  accepted_by TEXT NOT NULL,
  accepted_at BIGINT NOT NULL,
  valid_until BIGINT NOT NULL
);

CREATE TABLE grants (
  id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  user_id TEXT REFERENCES users (id),
  group_id TEXT REFERENCES user_groups (id),
  created_at BIGINT NOT NULL,
  UNIQUE (account_id, user_id),
  UNIQUE (account_id, group_id),
  CHECK ((user_id IS NULL) <> (group_id IS NULL))
);
CREATE INDEX grants_of_user ON grants (user_id);
CREATE INDEX grants_of_group ON grants (group_id);

CREATE TABLE devices (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  os TEXT NOT NULL,
  state TEXT NOT NULL,
  enrolled_at BIGINT NOT NULL,
  signing_key BYTEA NOT NULL,
  sealing_key BYTEA NOT NULL,
  seq_high BIGINT NOT NULL,
  seq_seen BIGINT NOT NULL,
  refusals BIGINT NOT NULL
);
CREATE INDEX devices_of_user ON devices (user_id);

-- Presence is apart from devices because it is written often and in batches.
CREATE TABLE device_presence (
  device_id TEXT NOT NULL PRIMARY KEY,
  last_contact BIGINT NOT NULL,
  agent_version TEXT NOT NULL,
  witnessed_size BIGINT NOT NULL,
  witness_note TEXT NOT NULL,
  witness_signature BYTEA NOT NULL
);

-- due_at is when a live lease ends by time, and 0 once it is not live: that is how every query asks for live ones.
-- holds is 1 while the lease keeps its exclusive account from being lent again; the unique index on it is what makes
-- accounts exclusive. lends_secret is whether the account lent a secret when the lease was made. session_unconfirmed is 1
-- while nobody can confirm the end of the session, and 2 while the device's browser has yet to clean up.
CREATE TABLE leases (
  id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  device_id TEXT NOT NULL REFERENCES devices (id),
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'checked_in', 'expired', 'revoked')),
  exclusive BIGINT NOT NULL,
  offline_grace BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  activate_by BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  end_reason TEXT NOT NULL,
  free_at BIGINT NOT NULL,
  removal_step BIGINT NOT NULL,
  requested_at BIGINT NOT NULL,
  delivered_at BIGINT NOT NULL,
  wiped_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,
  wipe_failure TEXT NOT NULL,
  session_unconfirmed BIGINT NOT NULL,
  rotation TEXT NOT NULL,
  holds BIGINT NOT NULL CHECK (holds IN (0, 1)),
  due_at BIGINT NOT NULL,
  lends_secret BIGINT NOT NULL,
  last_code_step BIGINT NOT NULL,
  end_batch TEXT NOT NULL
);
CREATE UNIQUE INDEX leases_holds ON leases (account_id) WHERE holds = 1;
CREATE INDEX leases_held ON leases (account_id, started_at);
CREATE INDEX leases_due ON leases (due_at) WHERE due_at > 0;
CREATE INDEX leases_open ON leases (id) WHERE removal_step < 4;
CREATE INDEX leases_open_of_account ON leases (account_id) WHERE removal_step < 4;
CREATE INDEX leases_open_of_user ON leases (user_id) WHERE removal_step < 4;
CREATE INDEX leases_open_of_device ON leases (device_id) WHERE removal_step < 4;
CREATE INDEX leases_unconfirmed ON leases (free_at) WHERE removal_step < 4 AND lends_secret = 1 AND rotation <> 'due' AND rotation <> 'done';
CREATE INDEX leases_rotation_due ON leases (account_id) WHERE rotation = 'due';
CREATE INDEX leases_of_batch ON leases (end_batch, id) WHERE end_batch <> '';

CREATE TABLE effects (
  actor_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  procedure_name TEXT NOT NULL,
  body_hash BYTEA NOT NULL,
  result BYTEA NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (actor_id, request_id)
);
CREATE INDEX effects_at ON effects (at);

CREATE TABLE outbox (
  id TEXT NOT NULL PRIMARY KEY,
  topic TEXT NOT NULL,
  ref TEXT NOT NULL,
  at BIGINT NOT NULL
);

-- details and personal are JSON with sorted names, byte for byte what the tree's leaf is made of.
CREATE TABLE audit_events (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  action TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  lease_id TEXT NOT NULL,
  details TEXT NOT NULL,
  personal TEXT NOT NULL,
  salt BYTEA NOT NULL,
  personal_hash TEXT NOT NULL,
  leaf_index BIGINT -- NULL until the event is in the tree
);
CREATE UNIQUE INDEX audit_events_placed ON audit_events (leaf_index) WHERE leaf_index IS NOT NULL;
CREATE INDEX audit_events_unsequenced ON audit_events (id) WHERE leaf_index IS NULL;
CREATE INDEX audit_events_of_account ON audit_events (account_id, id) WHERE account_id <> '';
CREATE INDEX audit_events_of_user ON audit_events (user_id, id) WHERE user_id <> '';
CREATE INDEX audit_events_of_device ON audit_events (device_id, id) WHERE device_id <> '';
CREATE INDEX audit_events_of_lease ON audit_events (lease_id, id) WHERE lease_id <> '';

CREATE TABLE audit_hashes (
  position BIGINT NOT NULL PRIMARY KEY,
  hash BYTEA NOT NULL
);

CREATE TABLE checkpoints (
  size BIGINT NOT NULL PRIMARY KEY,
  note TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE TABLE rollback_acceptances (
  user_id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);

-- One row for each writer of PostgreSQL, changed by each of its transactions: after a lost connection it tells whether
-- the last one was committed.
CREATE TABLE write_marks (
  writer BIGINT NOT NULL PRIMARY KEY,
  batch BIGINT NOT NULL,
  at BIGINT NOT NULL
);

CREATE VIEW lease_views AS
SELECT
  l.id, l.account_id, l.user_id, l.device_id, l.reason, l.state, l.exclusive, l.offline_grace, l.epoch, l.started_at,
  l.activate_by, l.ends_at, l.ended_at, l.end_reason, l.free_at, l.removal_step, l.requested_at, l.delivered_at,
  l.wiped_at, l.closed_at, l.wipe_failure, l.session_unconfirmed, l.rotation, l.holds, l.due_at, l.end_batch,
  a.network AS account_network, a.handle AS account_handle, a.access_mode AS account_access_mode,
  a.exclusive AS account_exclusive, a.enabled AS account_enabled, a.max_duration AS account_max_duration,
  a.offline_grace AS account_offline_grace, a.lease_storage AS account_lease_storage,
  a.allow_show AS account_allow_show, a.credential_version AS account_credential_version,
  a.has_code_seed AS account_has_code_seed, a.rotation_due AS account_rotation_due, a.created_at AS account_created_at,
  u.name AS user_name, u.display_name AS user_display_name, d.name AS device_name,
  CAST(COALESCE(p.last_contact, 0) AS BIGINT) AS last_contact
FROM leases l
JOIN accounts a ON a.id = l.account_id
JOIN users u ON u.id = l.user_id
JOIN devices d ON d.id = l.device_id
LEFT JOIN device_presence p ON p.device_id = l.device_id;

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

-- The newest site pack of each network that was published, and its signature. pack is empty once it was withdrawn; the row
-- stays, because versions never go back.
CREATE TABLE site_packs (
  network TEXT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  pack BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  published_at BIGINT NOT NULL,
  published_by TEXT REFERENCES users (id)
);

-- revision grows with every change of what devices fetch as the browser policy.
CREATE TABLE browser_policy (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  revision BIGINT NOT NULL,
  words_salt BYTEA NOT NULL
);

CREATE TABLE insider_words (
  kind TEXT NOT NULL CHECK (kind IN ('word', 'pattern', 'host')),
  text TEXT NOT NULL,
  PRIMARY KEY (kind, text)
);

CREATE TABLE personal_guards (
  group_id TEXT NOT NULL PRIMARY KEY REFERENCES user_groups (id),
  rule TEXT NOT NULL CHECK (rule IN ('on', 'forbidden')),
  note TEXT NOT NULL
);

-- Guarded pages that the holders of a grant may open. A grant's rows go with it.
CREATE TABLE allowed_guards (
  grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  class TEXT NOT NULL,
  PRIMARY KEY (grant_id, class)
);

-- The numbers by which networks know accounts.
CREATE TABLE account_refs (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
  ref TEXT NOT NULL
);

CREATE TABLE custodians (
  account_id TEXT NOT NULL REFERENCES accounts (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  PRIMARY KEY (account_id, user_id)
);
CREATE INDEX custodians_of_user ON custodians (user_id);

-- Requests for codes that custodians receive. sealed is the code, sealed to the asking device; the hub cannot open it.
CREATE TABLE code_relays (
  id TEXT NOT NULL PRIMARY KEY,
  lease_id TEXT NOT NULL REFERENCES leases (id),
  account_id TEXT NOT NULL REFERENCES accounts (id),
  device_id TEXT NOT NULL REFERENCES devices (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  asked_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL,
  sealed BYTEA NOT NULL,
  taken_at BIGINT NOT NULL
);
CREATE INDEX code_relays_of_lease ON code_relays (lease_id);
CREATE INDEX code_relays_of_account ON code_relays (account_id);
CREATE INDEX code_relays_of_device ON code_relays (device_id);
CREATE INDEX code_relays_over ON code_relays (expires_at);

-- How an account is opened on devices: in which browser (empty is any), and whether that browser's folder is kept between
-- leases. An account without a row is opened in any, and its folder is fresh.
CREATE TABLE work_browsers (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
  browser TEXT NOT NULL,
  keep BIGINT NOT NULL CHECK (keep IN (0, 1))
);
