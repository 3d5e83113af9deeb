-- name: Hub :one
SELECT * FROM hub WHERE one = 1;

-- name: AddHub :execrows
INSERT INTO hub (one, id, name, created_at, signing_public, signing_sealed, tls_cert, tls_key_sealed, state, rollback_accepted_at)
VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING;

-- name: SaveHub :execrows
UPDATE hub SET name = @name, signing_public = @signing_public, signing_sealed = @signing_sealed, tls_cert = @tls_cert,
  tls_key_sealed = @tls_key_sealed, state = @state,
  rollback_accepted_at = @rollback_accepted_at
WHERE id = @id;

-- name: KEKChecks :many
SELECT * FROM kek_checks ORDER BY version;

-- name: PutKEKCheck :execrows
INSERT INTO kek_checks (version, sealed) VALUES ($1, $2) ON CONFLICT (version) DO UPDATE SET sealed = excluded.sealed;

-- name: DropKEKChecksExcept :execrows
DELETE FROM kek_checks WHERE version <> $1;

-- name: Effect :one
SELECT * FROM effects WHERE actor_id = $1 AND request_id = $2;

-- name: AddEffect :execrows
INSERT INTO effects (actor_id, request_id, procedure_name, body_hash, result, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING;

-- name: PruneEffects :execrows
DELETE FROM effects WHERE (actor_id, request_id) IN (
  SELECT e.actor_id, e.request_id FROM effects e WHERE e.at < @before ORDER BY e.at LIMIT @most);

-- name: Counts :one
SELECT
  (SELECT count(*) FROM leases l WHERE l.due_at > 0) AS live_leases,
  (SELECT count(*) FROM leases l WHERE l.removal_step < 4 AND l.due_at = 0) AS open_removals,
  CAST(COALESCE((SELECT e.leaf_index + 1 FROM audit_events e WHERE e.leaf_index IS NOT NULL ORDER BY e.leaf_index DESC LIMIT 1), 0) AS BIGINT) AS audit_size,
  (SELECT count(*) FROM rollback_acceptances) AS rollback_accepted_by;

-- name: AcceptRollback :execrows
INSERT INTO rollback_acceptances (user_id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: CountRollbackAcceptances :one
SELECT count(*) FROM rollback_acceptances;

-- name: ClearRollback :execrows
DELETE FROM rollback_acceptances;

-- name: AddOutbox :execrows
INSERT INTO outbox (id, topic, ref, at) VALUES ($1, $2, $3, $4);

-- name: OutboxBefore :many
SELECT * FROM outbox WHERE at < @before ORDER BY id LIMIT @most;

-- name: RemoveOutbox :execrows
DELETE FROM outbox WHERE id IN (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16);
