-- +goose Up
-- The newest site pack of each network that was published, and its signature. pack is empty once it was withdrawn; the row
-- stays, because versions never go back.
CREATE TABLE site_packs (
  network TEXT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  pack BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  published_at BIGINT NOT NULL,
  published_by TEXT NOT NULL REFERENCES users (id)
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
