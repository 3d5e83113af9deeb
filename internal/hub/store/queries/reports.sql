-- name: PutReminderCount :execrows
INSERT INTO reminder_counts (device_id, day, kind, shown, answered) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (device_id, day, kind) DO UPDATE SET
  shown = CASE WHEN excluded.shown > reminder_counts.shown THEN excluded.shown ELSE reminder_counts.shown END,
  answered = CASE WHEN excluded.answered > reminder_counts.answered THEN excluded.answered ELSE reminder_counts.answered END;

-- name: ReminderCounts :many
SELECT day, kind, CAST(SUM(shown) AS BIGINT) AS shown, CAST(SUM(answered) AS BIGINT) AS answered FROM reminder_counts
WHERE day >= $1 GROUP BY day, kind ORDER BY day DESC, kind;

-- name: PruneReminderCounts :execrows
DELETE FROM reminder_counts WHERE (device_id, day, kind) IN (
  SELECT c.device_id, c.day, c.kind FROM reminder_counts c WHERE c.day < @before ORDER BY c.day LIMIT @most);

-- name: AddSelfReport :execrows
INSERT INTO self_reports (id, user_id, device_id, account_id, lease_id, about, noticed_at, reported_at, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: CountSelfReports :one
SELECT COUNT(*) FROM self_reports WHERE user_id = $1 AND id >= $2;

-- name: PruneSelfReports :execrows
DELETE FROM self_reports WHERE id IN (SELECT s.id FROM self_reports s WHERE s.id < @before ORDER BY s.id LIMIT @most);

-- name: SelfReports :many
SELECT s.id, s.user_id, s.device_id, s.account_id, s.lease_id, s.about, s.noticed_at, s.reported_at, s.sealed,
  u.name AS user_name, u.display_name AS user_display_name, d.name AS device_name,
  CAST(COALESCE(a.network, '') AS TEXT) AS network, CAST(COALESCE(a.handle, '') AS TEXT) AS handle
FROM self_reports s
JOIN users u ON u.id = s.user_id
JOIN devices d ON d.id = s.device_id
LEFT JOIN accounts a ON a.id = s.account_id
WHERE s.id < @before ORDER BY s.id DESC LIMIT @most;

-- name: SealedReportsAfter :many
SELECT id, sealed FROM self_reports WHERE id > @after ORDER BY id LIMIT @most;

-- name: ReplaceReport :execrows
UPDATE self_reports SET sealed = $2 WHERE id = $1;

-- name: AddAcknowledgement :execrows
INSERT INTO acknowledgements (user_id, text_id, version, device_id, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, text_id, version) DO NOTHING;
