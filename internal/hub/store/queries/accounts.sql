-- name: Account :one
SELECT * FROM accounts WHERE id = $1;

-- name: AccountByName :one
SELECT * FROM accounts WHERE network = $1 AND handle = $2;

-- name: Accounts :many
SELECT * FROM accounts WHERE id > @after ORDER BY id LIMIT @most;

-- name: GrantedAccounts :many
SELECT a.* FROM accounts a WHERE a.id IN (
  SELECT g.account_id FROM grants g WHERE g.user_id = CAST(@user_id AS TEXT)
  UNION
  SELECT g.account_id FROM group_members m JOIN grants g ON g.group_id = m.group_id WHERE m.user_id = @user_id
) AND a.id > @after AND (CAST(@handle AS TEXT) = '' OR LOWER(a.handle) = LOWER(@handle)) ORDER BY a.id LIMIT @most;

-- name: AddAccount :execrows
INSERT INTO accounts (id, network, handle, access_mode, exclusive, enabled, max_duration, offline_grace, lease_storage,
  allow_show, credential_version, has_code_seed, rotation_due, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING;

-- name: SaveAccount :execrows
UPDATE accounts SET access_mode = @access_mode, exclusive = @exclusive, enabled = @enabled, max_duration = @max_duration,
  offline_grace = @offline_grace, lease_storage = @lease_storage, allow_show = @allow_show, rotation_due = @rotation_due
WHERE id = @id;

-- name: RaiseCredentialVersion :execrows
UPDATE accounts SET credential_version = @version, has_code_seed = @has_code_seed
WHERE id = @id AND credential_version < @version;

-- name: SetAccountRotationDue :execrows
UPDATE accounts SET rotation_due = @due WHERE id = @id;

-- name: Credential :one
SELECT * FROM credentials WHERE account_id = $1;

-- name: CredentialsAfter :many
SELECT * FROM credentials WHERE account_id > @after ORDER BY account_id LIMIT @most;

-- name: PutCredential :execrows
INSERT INTO credentials (account_id, version, sealed, seed, kek_version) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, sealed = excluded.sealed, seed = excluded.seed,
  kek_version = excluded.kek_version;

-- name: ReplaceSealed :execrows
UPDATE credentials SET sealed = @sealed, seed = @seed, kek_version = @kek_version
WHERE account_id = @account_id AND version = @version;

-- name: RiskAcceptance :one
SELECT * FROM risk_acceptances WHERE account_id = $1;

-- name: PutRiskAcceptance :execrows
INSERT INTO risk_acceptances (account_id, clause, text_hash, accepted_by, accepted_at, valid_until)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id) DO UPDATE SET clause = excluded.clause, text_hash = excluded.text_hash,
  accepted_by = excluded.accepted_by, accepted_at = excluded.accepted_at, valid_until = excluded.valid_until;

-- name: RemoveRiskAcceptance :execrows
DELETE FROM risk_acceptances WHERE account_id = $1;

-- name: CountGrants :one
SELECT CAST((SELECT count(*) FROM grants g WHERE g.account_id = @account_id AND g.user_id = CAST(@user_id AS TEXT))
  + (SELECT count(*) FROM group_members m JOIN grants h ON h.group_id = m.group_id AND h.account_id = @account_id
     WHERE m.user_id = @user_id) AS BIGINT) AS found;

-- name: Grant :one
SELECT * FROM grants WHERE id = $1;

-- name: Grants :many
SELECT * FROM grants WHERE id > @after ORDER BY id LIMIT @most;

-- name: GrantsOfAccount :many
SELECT * FROM grants WHERE account_id = @account_id AND id > @after ORDER BY id LIMIT @most;

-- name: AddGrant :execrows
INSERT INTO grants (id, account_id, user_id, group_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING;

-- name: RemoveGrant :execrows
DELETE FROM grants WHERE id = $1;
