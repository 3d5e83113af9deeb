-- name: AppendEvent :execrows
INSERT INTO audit_events (id, at, action, actor_kind, actor_id, user_id, device_id, account_id, lease_id, details, personal, salt, personal_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- AppendLeaseEvents writes an event for each lease that a batch ended, once: those that it wrote before conflict.
-- name: AppendLeaseEvents :execrows
INSERT INTO audit_events (id, at, action, actor_kind, actor_id, user_id, device_id, account_id, lease_id, details, personal, salt, personal_hash)
SELECT CAST(@batch AS TEXT) || '-' || l.id, CAST(@at AS BIGINT), CAST(@action AS TEXT), CAST(@actor_kind AS TEXT), CAST(@actor_id AS TEXT),
  l.user_id, l.device_id, l.account_id, l.id, CAST(@details AS TEXT), '', @salt, ''
FROM leases l
WHERE l.end_batch = CAST(@batch AS TEXT) AND l.end_batch <> '' AND l.end_reason = CAST(@end_reason AS TEXT)
ON CONFLICT DO NOTHING;

-- name: Events :many
SELECT * FROM audit_events WHERE id < @before ORDER BY id DESC LIMIT @most;

-- name: EventsOfLease :many
SELECT * FROM audit_events
WHERE lease_id = @lease_id AND lease_id <> '' AND id < @before
  AND (CAST(@device_id AS TEXT) = '' OR device_id = @device_id)
  AND (CAST(@user_id AS TEXT) = '' OR user_id = @user_id)
  AND (CAST(@account_id AS TEXT) = '' OR account_id = @account_id)
ORDER BY id DESC LIMIT @most;

-- name: EventsOfDevice :many
SELECT * FROM audit_events
WHERE device_id = @device_id AND device_id <> '' AND id < @before
  AND (CAST(@user_id AS TEXT) = '' OR user_id = @user_id)
  AND (CAST(@account_id AS TEXT) = '' OR account_id = @account_id)
ORDER BY id DESC LIMIT @most;

-- name: EventsOfUser :many
SELECT * FROM audit_events
WHERE user_id = @user_id AND user_id <> '' AND id < @before
  AND (CAST(@account_id AS TEXT) = '' OR account_id = @account_id)
ORDER BY id DESC LIMIT @most;

-- name: EventsOfAccount :many
SELECT * FROM audit_events WHERE account_id = @account_id AND account_id <> '' AND id < @before ORDER BY id DESC LIMIT @most;

-- name: EventsFrom :many
SELECT * FROM audit_events WHERE leaf_index IS NOT NULL AND leaf_index >= CAST(@first AS BIGINT) ORDER BY leaf_index LIMIT @most;

-- name: Unsequenced :many
SELECT * FROM audit_events WHERE leaf_index IS NULL ORDER BY id LIMIT @most;

-- PlaceEvent asks for no place in a way that no index knows: it is the ids that have to be looked up.
-- name: PlaceEvent :execrows
WITH place AS (
SELECT CAST(@leaf_index AS BIGINT) AS leaf_index, CAST(@id AS TEXT) AS id
)
UPDATE audit_events SET leaf_index = place.leaf_index FROM place WHERE audit_events.id = place.id AND COALESCE(audit_events.leaf_index, -1) = -1;

-- name: AddTreeHash :execrows
INSERT INTO audit_hashes (position, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: TreeHashes :many
SELECT * FROM audit_hashes WHERE position IN (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16);

-- name: LatestCheckpoint :one
SELECT * FROM checkpoints ORDER BY size DESC LIMIT 1;

-- name: Checkpoints :many
SELECT * FROM checkpoints WHERE size > @after ORDER BY size LIMIT @most;

-- name: AddCheckpoint :execrows
INSERT INTO checkpoints (size, note, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;
