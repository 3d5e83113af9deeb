-- name: Device :one
SELECT * FROM devices WHERE id = $1;

-- name: DeviceAndUser :one
SELECT sqlc.embed(d), sqlc.embed(u) FROM devices d JOIN users u ON u.id = d.user_id WHERE d.id = $1;

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
UPDATE devices SET seq_high = @high, seq_seen = @seen WHERE id = @id AND seq_high = @high_before AND seq_seen = @seen_before;

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
