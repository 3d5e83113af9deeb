-- name: User :one
SELECT * FROM users WHERE id = $1;

-- name: UserByName :one
SELECT * FROM users WHERE name = $1;

-- name: Users :many
SELECT * FROM users WHERE id > @after ORDER BY id LIMIT @most;

-- name: CountActiveOwners :one
SELECT count(*) FROM users WHERE active = 1 AND ',' || roles || ',' LIKE '%,owner,%';

-- name: AddUser :execrows
INSERT INTO users (id, name, display_name, roles, active, created_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING;

-- name: SaveUser :execrows
UPDATE users SET display_name = @display_name, roles = @roles, active = @active WHERE id = @id;

-- name: TokenUser :one
SELECT sqlc.embed(t), sqlc.embed(u) FROM api_tokens t JOIN users u ON u.id = t.user_id
WHERE t.hash = @hash AND t.ended_at = 0 AND t.expires_at > @now;

-- AheadOfUser reads for each asked request of a user who asks, whether it was answered before, and of the lease that it
-- is about whose it is. It is joined as Ahead is.
-- name: AheadOfUser :many
WITH asked AS (
SELECT CAST(@place AS BIGINT) AS place, CAST(@request_id AS TEXT) AS request_id, CAST(@lease_id AS TEXT) AS lease_id,
  t.id, t.hash, t.user_id, t.label, t.created_at, t.expires_at, t.ended_at
FROM api_tokens t WHERE t.hash = @hash AND t.ended_at = 0
)
SELECT q.place, q.id AS token_id, q.hash, q.label, q.created_at, q.expires_at, sqlc.embed(u),
  CASE WHEN e.actor_id IS NULL THEN 0 ELSE 1 END AS repeated,
  COALESCE(l.id, '') AS lease_id, COALESCE(l.user_id, '') AS lease_user, COALESCE(l.device_id, '') AS lease_device, COALESCE(l.account_id, '') AS lease_account,
  COALESCE(l.due_at, 0) AS lease_due
FROM asked q
JOIN users u ON u.id = q.user_id
LEFT JOIN effects e ON e.actor_id = q.user_id AND e.request_id = q.request_id
LEFT JOIN leases l ON l.id = q.lease_id;

-- SameUser finds the token and its user as they were read before, to look whether they still are.
-- name: SameUser :execrows
SELECT 1 FROM api_tokens t JOIN users u ON u.id = t.user_id
WHERE t.hash = @hash AND t.id = @token_id AND t.ended_at = 0 AND t.expires_at = @expires_at AND t.label = @label AND t.created_at = @token_created_at
  AND u.id = @user_id AND u.name = @name AND u.display_name = @display_name AND u.roles = @roles AND u.active = @active AND u.created_at = @user_created_at;

-- name: AddToken :execrows
INSERT INTO api_tokens (id, hash, user_id, label, created_at, expires_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT DO NOTHING;

-- name: EndToken :execrows
UPDATE api_tokens SET ended_at = @now WHERE hash = @hash AND ended_at = 0;

-- name: EndTokens :execrows
UPDATE api_tokens SET ended_at = @now WHERE user_id = @user_id AND ended_at = 0;

-- name: PruneTokens :execrows
DELETE FROM api_tokens WHERE id IN (
  SELECT o.id FROM (SELECT t.id FROM api_tokens t WHERE t.expires_at < @before ORDER BY t.expires_at LIMIT @most) o
  UNION ALL
  SELECT e.id FROM (SELECT t.id FROM api_tokens t WHERE t.ended_at > 0 AND t.ended_at < @before ORDER BY t.ended_at LIMIT @most) e
);

-- name: Code :one
SELECT * FROM codes WHERE hash = $1;

-- name: AddCode :execrows
INSERT INTO codes (id, hash, kind, user_id, created_at, expires_at, used_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING;

-- name: UseCode :execrows
UPDATE codes SET used_at = @now WHERE id = @id AND used_at = 0 AND expires_at > @now;

-- name: VoidCodes :execrows
UPDATE codes SET expires_at = @now WHERE user_id = @user_id AND used_at = 0 AND expires_at > @now;

-- name: PruneCodes :execrows
DELETE FROM codes WHERE id IN (SELECT c.id FROM codes c WHERE c.expires_at < @before ORDER BY c.expires_at LIMIT @most);

-- name: Group :one
SELECT * FROM user_groups WHERE id = $1;

-- name: GroupByName :one
SELECT * FROM user_groups WHERE name = $1;

-- name: Groups :many
SELECT * FROM user_groups WHERE id > @after ORDER BY id LIMIT @most;

-- name: GroupMembers :many
SELECT u.name FROM group_members m JOIN users u ON u.id = m.user_id WHERE m.group_id = $1 ORDER BY u.name;

-- name: AddGroup :execrows
INSERT INTO user_groups (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: AddMember :execrows
INSERT INTO group_members (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: RemoveMember :execrows
DELETE FROM group_members WHERE group_id = $1 AND user_id = $2;
