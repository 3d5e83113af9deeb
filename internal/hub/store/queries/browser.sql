-- name: SitePack :one
SELECT p.*, COALESCE(u.name, '') AS by_name FROM site_packs p LEFT JOIN users u ON u.id = p.published_by WHERE p.network = $1;

-- name: SitePacks :many
SELECT p.*, COALESCE(u.name, '') AS by_name FROM site_packs p LEFT JOIN users u ON u.id = p.published_by ORDER BY p.network;

-- name: PutSitePack :execrows
INSERT INTO site_packs (network, version, pack, signature, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (network) DO UPDATE SET version = excluded.version, pack = excluded.pack, signature = excluded.signature,
  published_at = excluded.published_at, published_by = excluded.published_by
WHERE site_packs.version < excluded.version;

-- name: BrowserPolicy :one
SELECT * FROM browser_policy WHERE one = 1;

-- name: RaiseBrowserRevision :execrows
INSERT INTO browser_policy (one, revision, words_salt) VALUES (1, 1, $1)
ON CONFLICT (one) DO UPDATE SET revision = browser_policy.revision + 1;

-- BrowserNews is asked with every sync.
-- name: BrowserNews :one
SELECT
  CAST(COALESCE((SELECT b.revision FROM browser_policy b WHERE b.one = 1), 0) AS BIGINT) AS revision,
  CAST((SELECT count(*) FROM group_members m JOIN personal_guards p ON p.group_id = m.group_id WHERE m.user_id = CAST(@user_id AS TEXT) AND p.rule = 'on') AS BIGINT) AS groups_on,
  CAST((SELECT count(*) FROM group_members n JOIN personal_guards q ON q.group_id = n.group_id WHERE n.user_id = @user_id AND q.rule = 'forbidden') AS BIGINT) AS groups_forbidden,
  CAST((SELECT count(*) FROM custodians c JOIN code_relays r ON r.account_id = c.account_id
    WHERE c.user_id = @user_id AND r.answered_at = 0 AND r.expires_at > CAST(@now AS BIGINT)) AS BIGINT) AS asked,
  CAST((SELECT count(*) FROM code_relays s WHERE s.device_id = CAST(@device_id AS TEXT) AND s.answered_at > 0 AND s.taken_at = 0 AND s.expires_at > @now) AS BIGINT) AS answered;

-- name: InsiderWords :many
SELECT * FROM insider_words ORDER BY text, kind;

-- name: AddInsiderWord :execrows
INSERT INTO insider_words (kind, text) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: RemoveInsiderWord :execrows
DELETE FROM insider_words WHERE kind = $1 AND text = $2;

-- name: PersonalGuards :many
SELECT p.rule, p.note, g.name FROM personal_guards p JOIN user_groups g ON g.id = p.group_id ORDER BY g.name;

-- name: PutPersonalGuard :execrows
INSERT INTO personal_guards (group_id, rule, note) VALUES ($1, $2, $3)
ON CONFLICT (group_id) DO UPDATE SET rule = excluded.rule, note = excluded.note;

-- name: RemovePersonalGuard :execrows
DELETE FROM personal_guards WHERE group_id = $1;

-- name: AllowedGuards :many
SELECT * FROM allowed_guards ORDER BY grant_id, class;

-- name: AllowGuard :execrows
INSERT INTO allowed_guards (grant_id, class) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: DisallowGuards :execrows
DELETE FROM allowed_guards WHERE grant_id = $1;

-- LeaseGuards gives the guarded pages that grants open to the holders of a device's live leases.
-- name: LeaseGuards :many
SELECT DISTINCT l.id, a.class
FROM leases l
JOIN grants g ON g.account_id = l.account_id
JOIN allowed_guards a ON a.grant_id = g.id
WHERE l.device_id = $1 AND l.removal_step < 4 AND l.due_at > 0
  AND (g.user_id = l.user_id OR EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = g.group_id AND m.user_id = l.user_id))
ORDER BY l.id, a.class;

-- name: LeaseBrowser :many
SELECT l.id, COALESCE(r.ref, '') AS ref, COALESCE(w.browser, '') AS browser, CAST(COALESCE(w.keep, 0) AS BIGINT) AS keep,
  CAST((SELECT count(*) FROM custodians c WHERE c.account_id = l.account_id) AS BIGINT) AS custodians
FROM leases l
LEFT JOIN account_refs r ON r.account_id = l.account_id
LEFT JOIN work_browsers w ON w.account_id = l.account_id
WHERE l.device_id = $1 AND l.removal_step < 4 AND l.due_at > 0
ORDER BY l.id;

-- name: PutAccountRef :execrows
INSERT INTO account_refs (account_id, ref) VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET ref = excluded.ref;

-- name: RemoveAccountRef :execrows
DELETE FROM account_refs WHERE account_id = $1;

-- name: WorkBrowsers :many
SELECT a.network, a.handle, w.browser, w.keep FROM work_browsers w JOIN accounts a ON a.id = w.account_id ORDER BY a.network, a.handle;

-- name: PutWorkBrowser :execrows
INSERT INTO work_browsers (account_id, browser, keep) VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE SET browser = excluded.browser, keep = excluded.keep;

-- name: RemoveWorkBrowser :execrows
DELETE FROM work_browsers WHERE account_id = $1;

-- name: AddCustodian :execrows
INSERT INTO custodians (account_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: RemoveCustodian :execrows
DELETE FROM custodians WHERE account_id = $1 AND user_id = $2;

-- name: Custodians :many
SELECT u.id, u.name FROM custodians c JOIN users u ON u.id = c.user_id WHERE c.account_id = $1 ORDER BY u.name;

-- name: AddRelay :execrows
INSERT INTO code_relays (id, lease_id, account_id, device_id, user_id, asked_at, expires_at, answered_at, sealed, taken_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, 0);

-- name: Relay :one
SELECT * FROM code_relays WHERE id = $1;

-- name: OpenRelay :one
SELECT * FROM code_relays WHERE lease_id = @lease_id AND answered_at = 0 AND expires_at > CAST(@now AS BIGINT) ORDER BY id DESC LIMIT 1;

-- name: AnswerRelay :execrows
UPDATE code_relays SET answered_at = @at, sealed = @sealed WHERE id = @id AND answered_at = 0;

-- name: TakeRelay :execrows
UPDATE code_relays SET taken_at = @at WHERE id = @id AND answered_at > 0 AND taken_at = 0;

-- name: RelaysAsked :many
SELECT r.*, a.network, a.handle, u.name AS user_name, u.display_name AS user_display_name, d.name AS device_name, d.sealing_key
FROM custodians c
JOIN code_relays r ON r.account_id = c.account_id
JOIN accounts a ON a.id = r.account_id
JOIN users u ON u.id = r.user_id
JOIN devices d ON d.id = r.device_id
WHERE c.user_id = @user_id AND r.answered_at = 0 AND r.expires_at > CAST(@now AS BIGINT)
ORDER BY r.id LIMIT @most;

-- name: RelaysAnswered :many
SELECT id, lease_id FROM code_relays
WHERE device_id = @device_id AND answered_at > 0 AND taken_at = 0 AND expires_at > CAST(@now AS BIGINT)
ORDER BY id LIMIT @most;

-- name: PruneRelays :execrows
DELETE FROM code_relays WHERE id IN (SELECT r.id FROM code_relays r WHERE r.expires_at <= @now ORDER BY r.expires_at LIMIT @most);
