-- +goose Up
-- The hub publishes the pack of its practice network itself: then published_by is nobody.
CREATE TABLE site_packs_before AS SELECT * FROM site_packs;
DROP TABLE site_packs;
CREATE TABLE site_packs (
  network TEXT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  pack BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  published_at BIGINT NOT NULL,
  published_by TEXT REFERENCES users (id)
);
INSERT INTO site_packs (network, version, pack, signature, published_at, published_by)
  SELECT network, version, pack, signature, published_at, published_by FROM site_packs_before;
DROP TABLE site_packs_before;
