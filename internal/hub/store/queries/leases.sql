-- name: Lease :one
SELECT * FROM lease_views WHERE id = $1;

-- AheadOfLease reads the lease that a device's request is about.
-- name: AheadOfLease :many
WITH asked AS (
SELECT CAST(@place AS BIGINT) AS place, CAST(@lease_id AS TEXT) AS lease_id
)
SELECT q.place, sqlc.embed(l) FROM asked q JOIN lease_views l ON l.id = q.lease_id;

-- name: LeaseDevice :one
SELECT device_id FROM leases WHERE id = $1;

-- name: Leases :many
SELECT * FROM lease_views WHERE id < @before ORDER BY id DESC LIMIT @most;

-- name: OpenLeases :many
SELECT * FROM lease_views WHERE id < @before AND removal_step < 4 ORDER BY id DESC LIMIT @most;

-- name: LeasesOfBatch :many
SELECT * FROM lease_views
WHERE end_batch = @batch AND end_batch <> '' AND id < @before AND (removal_step < 4 OR CAST(@all_steps AS BIGINT) = 1)
ORDER BY id DESC LIMIT @most;

-- name: LiveLeases :many
SELECT * FROM lease_views WHERE device_id = $1 AND removal_step < 4 AND due_at > 0 ORDER BY id;

-- name: RemovalsOpen :many
SELECT * FROM lease_views WHERE device_id = $1 AND removal_step < 4 AND due_at = 0 ORDER BY id;

-- name: RemovalsToDo :many
SELECT * FROM lease_views WHERE device_id = @device_id AND removal_step < 4 AND removal_step < 3 AND due_at = 0 ORDER BY id LIMIT @most;

-- Holder: a lease that is over by time but not yet marked so counts as what it will be marked as: ended. CROSS JOIN
-- makes SQLite look at the account first, so that the many leases of one that is not exclusive are not read. The moment is in
-- a cast because SQLite plans anew for each value of a bare parameter beside a column that an index has a condition on.
-- name: Holder :one
SELECT h.id FROM (
  SELECT l.id, l.free_at FROM accounts a CROSS JOIN leases l
  WHERE a.id = CAST(@account_id AS TEXT) AND a.exclusive = 1 AND l.account_id = a.id AND l.removal_step < 4 AND l.due_at > CAST(@now AS BIGINT)
  UNION ALL
  SELECT l.id, l.free_at FROM accounts a CROSS JOIN leases l
  WHERE a.id = @account_id AND a.exclusive = 1 AND l.account_id = a.id AND l.holds = 1
    AND CASE WHEN l.state = 'pending' AND l.due_at <= CAST(@now AS BIGINT) THEN l.due_at + CAST(@margin AS BIGINT) ELSE l.free_at END > @now
  UNION ALL
  -- given while several could hold the account, ended, not wiped
  SELECT l.id, l.free_at FROM accounts a CROSS JOIN leases l
  WHERE a.id = @account_id AND a.exclusive = 1 AND l.account_id = a.id AND l.removal_step < 4 AND l.removal_step < 3
    AND l.due_at = 0 AND l.exclusive = 0 AND l.free_at > CAST(@now AS BIGINT)
) h ORDER BY h.free_at DESC LIMIT 1;

-- name: HeldAt :many
SELECT * FROM lease_views
WHERE account_id = @account_id AND started_at <= @at AND started_at > @earliest
  AND CASE WHEN ended_at > 0 THEN ended_at ELSE due_at END > @at
ORDER BY id;

-- name: DevicesOfBatch :many
SELECT DISTINCT device_id FROM leases WHERE end_batch = $1 AND end_batch <> '' ORDER BY device_id;

-- name: NextDue :one
SELECT due_at FROM leases WHERE due_at > 0 ORDER BY due_at LIMIT 1;

-- name: AddLease :execrows
INSERT INTO leases (id, account_id, user_id, device_id, reason, state, exclusive, offline_grace, epoch, started_at,
  activate_by, ends_at, ended_at, end_reason, free_at, removal_step, requested_at, delivered_at, wiped_at, closed_at,
  wipe_failure, session_unconfirmed, rotation, holds, due_at, lends_secret, last_code_step, end_batch)
VALUES (@id, @account_id, @user_id, @device_id, @reason, @state, @exclusive, @offline_grace, @epoch, @started_at,
  @activate_by, @ends_at, @ended_at, @end_reason, @free_at, @removal_step, @requested_at, @delivered_at, @wiped_at, @closed_at,
  @wipe_failure, @session_unconfirmed, @rotation, @holds, @due_at,
  (SELECT CASE WHEN a.access_mode = 'shared_secret' THEN 1 ELSE 0 END FROM accounts a WHERE a.id = @account_id), 0, '')
ON CONFLICT DO NOTHING;

-- ReleaseAccount takes the hold from leases whose time to hold is over.
-- name: ReleaseAccount :execrows
UPDATE leases SET holds = 0
WHERE account_id = @account_id AND holds = 1
  AND CASE WHEN state = 'pending' AND due_at <= @now THEN due_at + CAST(@margin AS BIGINT) ELSE free_at END <= @now;

-- name: SaveLease :execrows
WITH saved AS (
SELECT CAST(@id AS TEXT) AS id, CAST(@epoch_before AS BIGINT) AS epoch_before, CAST(@state AS TEXT) AS state, CAST(@offline_grace AS BIGINT) AS offline_grace, CAST(@epoch AS BIGINT) AS epoch, CAST(@activate_by AS BIGINT) AS activate_by, CAST(@ends_at AS BIGINT) AS ends_at, CAST(@ended_at AS BIGINT) AS ended_at, CAST(@end_reason AS TEXT) AS end_reason, CAST(@free_at AS BIGINT) AS free_at, CAST(@removal_step AS BIGINT) AS removal_step, CAST(@requested_at AS BIGINT) AS requested_at, CAST(@delivered_at AS BIGINT) AS delivered_at, CAST(@wiped_at AS BIGINT) AS wiped_at, CAST(@closed_at AS BIGINT) AS closed_at, CAST(@wipe_failure AS TEXT) AS wipe_failure, CAST(@session_unconfirmed AS BIGINT) AS session_unconfirmed, CAST(@rotation AS TEXT) AS rotation, CAST(@due_at AS BIGINT) AS due_at, CAST(@wiped AS BIGINT) AS wiped
)
UPDATE leases SET state = saved.state, offline_grace = saved.offline_grace, epoch = saved.epoch,
  activate_by = saved.activate_by, ends_at = saved.ends_at, ended_at = saved.ended_at, end_reason = saved.end_reason,
  free_at = saved.free_at, removal_step = saved.removal_step, requested_at = saved.requested_at,
  delivered_at = saved.delivered_at, wiped_at = saved.wiped_at, closed_at = saved.closed_at,
  wipe_failure = saved.wipe_failure, session_unconfirmed = saved.session_unconfirmed, rotation = saved.rotation,
  due_at = saved.due_at,
  holds = CASE WHEN saved.wiped = 1 THEN 0 ELSE leases.holds END
FROM saved WHERE leases.id = saved.id AND leases.epoch = saved.epoch_before;

-- name: SaveRemoval :execrows
UPDATE leases SET removal_step = @removal_step, requested_at = @requested_at, delivered_at = @delivered_at, wiped_at = @wiped_at,
  closed_at = @closed_at, wipe_failure = @wipe_failure, session_unconfirmed = @session_unconfirmed, rotation = @rotation,
  holds = CASE WHEN CAST(@wiped AS BIGINT) = 1 THEN 0 ELSE holds END
WHERE id = @id;

-- name: UseCodeStep :execrows
UPDATE leases SET last_code_step = @step WHERE id = @id AND last_code_step < @step;

-- EndLease is EndLeases for one that is known to live.
-- name: EndLease :execrows
WITH ending AS (
SELECT CAST(@id AS TEXT) AS id, CAST(@batch AS TEXT) AS batch, CAST(@reason AS TEXT) AS reason, CAST(@now AS BIGINT) AS now, CAST(@margin AS BIGINT) AS margin
)
UPDATE leases SET state = 'revoked', epoch = leases.epoch + 1, end_reason = ending.reason, end_batch = ending.batch, removal_step = 1, requested_at = ending.now,
  ended_at = CASE WHEN leases.due_at < ending.now THEN leases.due_at ELSE ending.now END,
  free_at = ending.margin + CASE WHEN leases.ends_at < ending.now + leases.offline_grace THEN leases.ends_at ELSE ending.now + leases.offline_grace END,
  rotation = 'none', due_at = 0
FROM ending WHERE leases.id = ending.id AND leases.due_at > 0;

-- EndLeases picks the live leases of a target; only the branch of the given kind runs, and each has its index.
-- name: EndLeases :execrows
UPDATE leases SET state = 'revoked', epoch = leases.epoch + 1, end_reason = @reason, end_batch = @batch, removal_step = 1, requested_at = @now,
  ended_at = CASE WHEN leases.due_at < @now THEN leases.due_at ELSE @now END,
  free_at = CAST(@margin AS BIGINT) + CASE WHEN leases.ends_at < sqlc.arg(now) + leases.offline_grace THEN leases.ends_at ELSE sqlc.arg(now) + leases.offline_grace END,
  rotation = CASE WHEN CAST(@rotation_due AS BIGINT) = 1 AND leases.lends_secret = 1 THEN 'due' ELSE 'none' END,
  due_at = 0
WHERE leases.id IN (
  SELECT l.id FROM leases l WHERE CAST(@kind AS TEXT) = 'lease' AND l.id = CAST(@target AS TEXT) AND l.due_at > 0
  UNION ALL
  SELECT l.id FROM leases l WHERE @kind = 'account' AND l.account_id = @target AND l.removal_step < 4 AND l.due_at > 0
  UNION ALL
  SELECT l.id FROM leases l WHERE @kind = 'user' AND l.user_id = @target AND l.removal_step < 4 AND l.due_at > 0
  UNION ALL
  SELECT l.id FROM leases l WHERE @kind = 'device' AND l.device_id = @target AND l.removal_step < 4 AND l.due_at > 0
  UNION ALL
  SELECT l.id FROM group_members m JOIN leases l ON l.user_id = m.user_id
  WHERE @kind = 'group' AND m.group_id = @target AND l.removal_step < 4 AND l.due_at > 0
  UNION ALL
  SELECT l.id FROM leases l WHERE @kind = 'all' AND l.due_at > 0
  UNION ALL
  SELECT l.id FROM leases l WHERE @kind = 'uncovered' AND (@target = '' OR l.account_id = @target) AND l.due_at > 0
    AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.account_id = l.account_id AND g.user_id = l.user_id)
    AND NOT EXISTS (SELECT 1 FROM group_members m JOIN grants g ON g.group_id = m.group_id
                    WHERE m.user_id = l.user_id AND g.account_id = l.account_id)
);

-- name: ExpireDue :execrows
UPDATE leases SET state = 'expired', epoch = epoch + 1, end_batch = @batch, removal_step = 1, requested_at = @now, rotation = 'none',
  end_reason = CASE WHEN state = 'pending' THEN CAST(@unactivated AS TEXT) ELSE CAST(@expired AS TEXT) END,
  free_at = due_at + CAST(@margin AS BIGINT), ended_at = due_at, due_at = 0
WHERE due_at > 0 AND due_at <= @now;

-- name: MarkAccountsOfBatch :execrows
UPDATE accounts SET rotation_due = 1
WHERE rotation_due = 0 AND id IN (SELECT l.account_id FROM leases l WHERE l.end_batch = @batch AND l.end_batch <> '' AND l.lends_secret = 1);

-- name: MarkUnconfirmedAccounts :execrows
UPDATE accounts SET rotation_due = 1
WHERE rotation_due = 0 AND id IN (
  SELECT l.account_id FROM leases l
  WHERE l.free_at <= @before AND l.removal_step < 4 AND l.lends_secret = 1 AND l.rotation <> 'due' AND l.rotation <> 'done' AND l.due_at = 0);

-- name: MarkUnconfirmed :execrows
UPDATE leases SET rotation = 'due'
WHERE free_at <= @before AND removal_step < 4 AND lends_secret = 1 AND rotation <> 'due' AND rotation <> 'done' AND due_at = 0;

-- FinishRotation: after a rotation, leases that ended before it need none any more and hold nothing any more.
-- name: FinishRotation :execrows
UPDATE leases SET rotation = CASE WHEN leases.lends_secret = 1 THEN 'done' ELSE leases.rotation END, holds = 0, free_at = 0
WHERE leases.due_at = 0 AND leases.id IN (
  SELECT l.id FROM leases l WHERE l.account_id = CAST(@account_id AS TEXT) AND l.removal_step < 4
  UNION ALL
  SELECT l.id FROM leases l WHERE l.account_id = @account_id AND l.rotation = 'due'
);
