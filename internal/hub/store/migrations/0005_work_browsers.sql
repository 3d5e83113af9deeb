-- +goose Up
-- How an account is opened on devices: in which browser (empty is any), and whether that browser's folder is kept between
-- leases. An account without a row is opened in any, and its folder is fresh.
CREATE TABLE work_browsers (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
  browser TEXT NOT NULL,
  keep BIGINT NOT NULL CHECK (keep IN (0, 1))
);
