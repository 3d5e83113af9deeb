-- name: Device :one
SELECT * FROM devices WHERE id = $1;

-- name: DeviceAndUser :one
SELECT sqlc.embed(d), sqlc.embed(u) FROM devices d JOIN users u ON u.id = d.user_id WHERE d.id = $1;

-- Ahead reads for each asked request of a device what its gates will want to know. It is written for one and joined to
-- ask for many; see batch.go. Held says only that somebody may hold the account: Holder then says who. A bare parameter
-- next to due_at would make SQLite plan anew for every value. For many rows, PostgreSQL would answer EXISTS from a list of the whole
-- table; it looks up the first of what there is.
-- name: Ahead :many
WITH asked AS (
SELECT CAST(@place AS BIGINT) AS place, CAST(@device_id AS TEXT) AS device_id, CAST(@account_id AS TEXT) AS account_id, CAST(@request_id AS TEXT) AS request_id, CAST(@now AS BIGINT) AS now
)
SELECT q.place, sqlc.embed(d), sqlc.embed(u),
  COALESCE(a.id, '') AS account_id, COALESCE(a.network, '') AS network, COALESCE(a.handle, '') AS handle,
  COALESCE(a.access_mode, '') AS access_mode, COALESCE(a.exclusive, 0) AS exclusive, COALESCE(a.enabled, 0) AS enabled,
  COALESCE(a.max_duration, 0) AS max_duration, COALESCE(a.offline_grace, 0) AS offline_grace,
  COALESCE(a.lease_storage, '') AS lease_storage, COALESCE(a.allow_show, 0) AS allow_show,
  COALESCE(a.credential_version, 0) AS credential_version, COALESCE(a.has_code_seed, 0) AS has_code_seed,
  COALESCE(a.rotation_due, 0) AS rotation_due, COALESCE(a.created_at, 0) AS created_at,
  COALESCE(r.clause, '') AS clause, COALESCE(r.text_hash, '') AS text_hash, COALESCE(r.accepted_by, '') AS accepted_by,
  COALESCE(r.accepted_at, 0) AS accepted_at, COALESCE(r.valid_until, 0) AS valid_until,
  COALESCE(k.version, 0) AS sealed_version, k.sealed, k.seed, COALESCE(k.kek_version, 0) AS kek_version,
  CASE WHEN e.actor_id IS NULL THEN 0 ELSE 1 END AS repeated,
  CASE WHEN (SELECT 1 FROM grants g WHERE g.account_id = q.account_id AND g.user_id = d.user_id LIMIT 1) = 1
      OR (SELECT 1 FROM group_members m JOIN grants h ON h.group_id = m.group_id AND h.account_id = q.account_id WHERE m.user_id = d.user_id LIMIT 1) = 1
    THEN 1 ELSE 0 END AS granted,
  CASE WHEN (SELECT 1 FROM work_hours w WHERE w.subject_id = d.user_id LIMIT 1) = 1
      OR (SELECT 1 FROM group_members m JOIN work_hours w ON w.subject_id = m.group_id WHERE m.user_id = d.user_id LIMIT 1) = 1
    THEN 1 ELSE 0 END AS has_hours,
  CASE WHEN a.exclusive = 1 AND (
      (SELECT 1 FROM leases l WHERE l.account_id = q.account_id AND l.holds = 1 LIMIT 1) = 1
      OR (SELECT 1 FROM leases l WHERE l.account_id = q.account_id AND l.removal_step < 4 AND (l.due_at > q.now OR l.free_at > q.now) LIMIT 1) = 1
    ) THEN 1 ELSE 0 END AS held
FROM asked q
JOIN devices d ON d.id = q.device_id
JOIN users u ON u.id = d.user_id
LEFT JOIN accounts a ON a.id = q.account_id
LEFT JOIN risk_acceptances r ON r.account_id = q.account_id
LEFT JOIN credentials k ON k.account_id = q.account_id
LEFT JOIN effects e ON e.actor_id = q.device_id AND e.request_id = q.request_id;

-- AheadOfSync reads in one go what the sync of a device asks, and whether it holds something or has something to remove: of that
-- the sync asks by itself.
-- name: AheadOfSync :one
SELECT sqlc.embed(d), sqlc.embed(u),
  COALESCE(c.size, 0) AS size, COALESCE(c.note, '') AS note, COALESCE(c.at, 0) AS at,
  COALESCE(m.per_hour, 0) AS per_hour, COALESCE(m.every, 0) AS every, COALESCE(m.may_pause_today, 0) AS may_pause_today,
  CAST(COALESCE((SELECT b.revision FROM browser_policy b WHERE b.one = 1), 0) AS BIGINT) AS revision,
  CAST((SELECT count(*) FROM group_members n JOIN personal_guards p ON p.group_id = n.group_id WHERE n.user_id = d.user_id AND p.rule = 'on') AS BIGINT) AS groups_on,
  CAST((SELECT count(*) FROM group_members o JOIN personal_guards q ON q.group_id = o.group_id WHERE o.user_id = d.user_id AND q.rule = 'forbidden') AS BIGINT) AS groups_forbidden,
  CAST((SELECT count(*) FROM custodians t JOIN code_relays r ON r.account_id = t.account_id
    WHERE t.user_id = d.user_id AND r.answered_at = 0 AND r.expires_at > CAST(@now AS BIGINT)) AS BIGINT) AS asked,
  CAST((SELECT count(*) FROM code_relays s WHERE s.device_id = d.id AND s.answered_at > 0 AND s.taken_at = 0 AND s.expires_at > @now) AS BIGINT) AS answered,
  CASE WHEN EXISTS (SELECT 1 FROM work_hours w WHERE w.subject_id = d.user_id)
      OR EXISTS (SELECT 1 FROM group_members v JOIN work_hours x ON x.subject_id = v.group_id WHERE v.user_id = d.user_id)
    THEN 1 ELSE 0 END AS has_hours,
  CASE WHEN EXISTS (SELECT 1 FROM leases l WHERE l.device_id = d.id AND l.removal_step < 4 AND (l.due_at > 0 OR l.removal_step < 3)) THEN 1 ELSE 0 END AS has_leases
FROM devices d
JOIN users u ON u.id = d.user_id
LEFT JOIN checkpoints c ON c.size = (SELECT k.size FROM checkpoints k ORDER BY k.size DESC LIMIT 1)
LEFT JOIN reminders m ON m.one = 1
WHERE d.id = @id;

-- name: Devices :many
SELECT * FROM devices WHERE id > @after ORDER BY id LIMIT @most;

-- name: AddDevice :execrows
INSERT INTO devices (id, user_id, name, os, state, enrolled_at, signing_key, sealing_key, seq_high, seq_seen, refusals)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING;

-- name: SetDeviceState :execrows
UPDATE devices SET state = @state WHERE id = @id;

-- name: SetDevicesState :execrows
UPDATE devices SET state = @state WHERE user_id = @user_id AND state = 'trusted';

-- name: SaveWindow :execrows
WITH used AS (
SELECT CAST(@id AS TEXT) AS id, CAST(@high AS BIGINT) AS high, CAST(@seen AS BIGINT) AS seen, CAST(@high_before AS BIGINT) AS high_before, CAST(@seen_before AS BIGINT) AS seen_before
)
UPDATE devices SET seq_high = used.high, seq_seen = used.seen FROM used
WHERE devices.id = used.id AND devices.seq_high = used.high_before AND devices.seq_seen = used.seen_before;

-- name: CountRefusal :one
UPDATE devices SET refusals = refusals + 1 WHERE id = $1 RETURNING refusals;

-- name: Presence :one
SELECT * FROM device_presence WHERE device_id = $1;

-- name: SavePresence :execrows
INSERT INTO device_presence (device_id, last_contact, agent_version, witnessed_size, witness_note, witness_signature)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (device_id) DO UPDATE SET
  last_contact = CASE WHEN excluded.last_contact > device_presence.last_contact THEN excluded.last_contact ELSE device_presence.last_contact END,
  agent_version = CASE WHEN excluded.last_contact > device_presence.last_contact THEN excluded.agent_version ELSE device_presence.agent_version END,
  witness_note = CASE WHEN excluded.witnessed_size > device_presence.witnessed_size THEN excluded.witness_note ELSE device_presence.witness_note END,
  witness_signature = CASE WHEN excluded.witnessed_size > device_presence.witnessed_size THEN excluded.witness_signature ELSE device_presence.witness_signature END,
  witnessed_size = CASE WHEN excluded.witnessed_size > device_presence.witnessed_size THEN excluded.witnessed_size ELSE device_presence.witnessed_size END;

-- name: DevicesOfUser :many
SELECT d.id FROM devices d WHERE d.user_id = $1 AND d.state = 'trusted' ORDER BY d.id;

-- name: DevicesOfGroup :many
SELECT d.id FROM group_members m JOIN devices d ON d.user_id = m.user_id WHERE m.group_id = $1 AND d.state = 'trusted' ORDER BY d.id;

-- name: DevicesGranted :many
SELECT d.id FROM devices d WHERE d.state = 'trusted' AND d.user_id IN (
  SELECT g.user_id FROM grants g WHERE g.account_id = @account_id
  UNION ALL
  SELECT m.user_id FROM grants h JOIN group_members m ON m.group_id = h.group_id WHERE h.account_id = @account_id
) ORDER BY d.id;
