-- name: HoursOf :one
SELECT * FROM work_hours WHERE subject_id = $1;

-- name: HoursFor :one
SELECT w.subject_id, w.hours, CAST(COALESCE((SELECT l.until FROM hours_lifted l WHERE l.user_id = @user_id), 0) AS BIGINT) AS lifted_until
FROM work_hours w
WHERE w.subject_id IN (SELECT CAST(@user_id AS TEXT) UNION ALL SELECT m.group_id FROM group_members m WHERE m.user_id = @user_id)
ORDER BY CASE WHEN w.subject_id = @user_id THEN 0 ELSE 1 END, w.subject_id LIMIT 1;

-- name: PutHours :execrows
INSERT INTO work_hours (subject_id, hours) VALUES ($1, $2) ON CONFLICT (subject_id) DO UPDATE SET hours = excluded.hours;

-- name: RemoveHours :execrows
DELETE FROM work_hours WHERE subject_id = $1;

-- name: PutHoursLifted :execrows
INSERT INTO hours_lifted (user_id, until) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET until = excluded.until;

-- name: Reminders :one
SELECT * FROM reminders WHERE one = 1;

-- name: PutReminders :execrows
INSERT INTO reminders (one, per_hour, every, may_pause_today) VALUES (1, $1, $2, $3)
ON CONFLICT (one) DO UPDATE SET per_hour = excluded.per_hour, every = excluded.every, may_pause_today = excluded.may_pause_today;
