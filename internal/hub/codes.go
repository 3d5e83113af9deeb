package hub

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// TokenLifetime is how long an API token works.
const TokenLifetime = 30 * 24 * time.Hour

// CreatedCode is a code to hand to a user.
type CreatedCode struct {
	Code      string
	ExpiresAt time.Time
}

// CreateCode makes an enrollment or login code for a user. The hub keeps only its hash; the secret is derived from the
// request, so that a repeated request gives the same code without it being stored.
func (h *Hub) CreateCode(ctx context.Context, call Call, userName string, kind keyshift.CodeKind) (CreatedCode, error) {
	if kind != keyshift.EnrollmentCode && kind != keyshift.LoginCode {
		return CreatedCode{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "The kind of code is unknown.", "Ask for an enrollment or a login code.")
	}
	type made struct {
		Actor   keyshift.ID
		Expires time.Time
	}
	result, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (made, error) {
		user, err := tx.UserByName(userName)
		switch {
		case err != nil:
			return made{}, notFound(err, "user", userName)
		case !user.Active:
			return made{}, keyshift.Refuse(keyshift.CodeUserInactive, "The user is not active.", "Activate the user first.")
		case kind == keyshift.LoginCode && !keyshift.MayChangeRoles(c.User, user.Roles, user.Roles):
			return made{}, errForbidden // a login code for an owner would make an admin an owner
		}
		secret, err := h.derive("code", string(c.User.ID), call.RequestID, keyshift.CodeSecretSize)
		if err != nil {
			return made{}, err
		}
		row := newCode(tx, kind, user.ID, secret, keyshift.CodeLifetime)
		event := c.event(keyshift.ActCodeCreated)
		event.UserID = user.ID
		event.Details = map[string]string{"kind": string(rune(kind)), "code": string(row.ID)}
		return made{c.User.ID, row.ExpiresAt}, errors.Join(tx.AddCode(row), tx.Append(event))
	})
	if err != nil {
		return CreatedCode{}, err
	}
	secret, err := h.derive("code", string(result.Actor), call.RequestID, keyshift.CodeSecretSize)
	return CreatedCode{h.invitation(kind, secret), result.Expires}, err
}

// derive makes a secret that only this hub can make again.
func (h *Hub) derive(purpose, a, b string, size int) ([]byte, error) {
	secret, err := hkdf.Key(sha256.New, h.codeKey, nil, purpose+"\x00"+a+"\x00"+b, size)
	if err != nil {
		return nil, fmt.Errorf("derive %s: %w", purpose, err)
	}
	return secret, nil
}

// redeem finds an unused code that has not expired. Every way in which it is not good gives the same answer.
func redeem(tx Tx, secretText string, kinds ...keyshift.CodeKind) (CodeRow, error) {
	secret, err := base64.RawURLEncoding.DecodeString(secretText)
	if err != nil {
		return CodeRow{}, keyshift.ErrCodeInvalid
	}
	hash := sha256.Sum256(secret)
	row, err := tx.Code(hash[:])
	switch {
	case errors.Is(err, keyshift.ErrNotFound):
		return CodeRow{}, keyshift.ErrCodeInvalid
	case err != nil:
		return CodeRow{}, err
	case !row.UsedAt.IsZero() || !tx.Now().Before(row.ExpiresAt) || !slices.Contains(kinds, row.Kind):
		return CodeRow{}, keyshift.ErrCodeInvalid
	}
	return row, nil
}

// use marks a code as used before anything else is written.
func use(tx Tx, row CodeRow) error {
	first, err := tx.UseCode(row.ID)
	if err == nil && !first {
		err = keyshift.ErrCodeInvalid
	}
	return err
}

// EnrollRequest makes a device known.
type EnrollRequest struct {
	Code         string
	DeviceName   string
	OS           string
	AgentVersion string
	SigningKey   []byte
	SealingKey   []byte
}

// Enroll redeems an enrollment code for a device. The transport has verified that the request is signed with the key
// that it carries.
func (h *Hub) Enroll(ctx context.Context, call Call, req EnrollRequest) (keyshift.User, error) {
	device, err := newDevice(call, req)
	if err != nil {
		return keyshift.User{}, err
	}
	var userID keyshift.ID
	err = h.limits.codeTry(ctx, call.Source, func() (err error) {
		userID, err = effect(ctx, h, call, Ordinary, func(tx Tx, _ Caller) (keyshift.ID, error) { return enroll(tx, req.Code, device) })
		return err
	})
	if err != nil {
		return keyshift.User{}, err
	}
	return h.Store.Read(ctx).User(userID)
}

// enroll adds a device for the user whose code it has.
func enroll(tx Tx, code string, device keyshift.Device) (keyshift.ID, error) {
	row, err := redeem(tx, code, keyshift.EnrollmentCode)
	if err != nil {
		return "", err
	}
	user, err := tx.User(row.UserID)
	if err != nil || !user.Active {
		return "", orInvalid(err)
	}
	device.UserID, device.EnrolledAt = user.ID, tx.Now()
	return user.ID, errors.Join(use(tx, row), tx.AddDevice(device), tx.Append(keyshift.AuditEvent{
		Action: keyshift.ActDeviceEnrolled, ActorKind: keyshift.ActorUser, ActorID: user.ID, UserID: user.ID, DeviceID: device.ID,
		Details: map[string]string{"os": device.OS, "code": string(row.ID)}, Personal: map[string]string{"device": device.Name, "user": user.Name},
	}))
}

func orInvalid(err error) error {
	if err == nil || errors.Is(err, keyshift.ErrNotFound) {
		return keyshift.ErrCodeInvalid
	}
	return err
}

func newDevice(call Call, req EnrollRequest) (keyshift.Device, error) {
	name, err := keyshift.ValidateTitle("device's name", req.DeviceName)
	if err != nil {
		return keyshift.Device{}, err
	}
	if name == "" {
		name = "unnamed device"
	}
	if !call.DeviceID.Valid() || seal.CheckPublic(req.SigningKey, req.SealingKey) != nil {
		return keyshift.Device{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "The device's id or keys are not usable.", "Update the agent.")
	}
	d := keyshift.Device{ID: call.DeviceID, Name: name, OS: keyshift.CleanText(req.OS, 20), State: keyshift.DeviceTrusted, SigningKey: req.SigningKey, SealingKey: req.SealingKey}
	d.Window.Accept(call.Seq)
	return d, nil
}

// LoginRequest redeems a login or first-owner code.
type LoginRequest struct {
	Code        string
	UserName    string
	DisplayName string
	Label       string
}

// LoggedIn is an API token and whose it is.
type LoggedIn struct {
	Token keyshift.Secret
	User  keyshift.User
}

// Login gives an API token for a code. A first-owner code makes the hub's first user.
func (h *Hub) Login(ctx context.Context, call Call, req LoginRequest) (LoggedIn, error) {
	label, err := keyshift.ValidateTitle("label", req.Label)
	if err != nil {
		return LoggedIn{}, err
	}
	raw, err := h.derive("token", req.Code, call.RequestID, 32)
	if err != nil {
		return LoggedIn{}, err
	}
	token := "ks_" + base64.RawURLEncoding.EncodeToString(raw)
	// The hash of the code is who acts: nobody is logged in yet, and two codes must not share request ids.
	call.DeviceID = keyshift.ID(fmt.Sprintf("code-%x", HashToken(req.Code)[:16]))
	var userID keyshift.ID
	err = h.limits.codeTry(ctx, call.Source, func() (err error) {
		userID, err = effect(ctx, h, call, Ordinary, func(tx Tx, _ Caller) (keyshift.ID, error) {
			return h.login(tx, req, Token{Hash: HashToken(token), Label: label})
		})
		return err
	})
	if err != nil {
		return LoggedIn{}, err
	}
	user, err := h.Store.Read(ctx).User(userID)
	return LoggedIn{keyshift.NewSecret(token), user}, err
}

func (h *Hub) login(tx Tx, req LoginRequest, token Token) (keyshift.ID, error) {
	row, err := redeem(tx, req.Code, keyshift.LoginCode, keyshift.FirstOwnerCode)
	if err != nil {
		return "", err
	}
	user, added, err := h.loginUser(tx, row, req)
	if err != nil {
		return "", err
	}
	if err := use(tx, row); err != nil {
		return "", err
	}
	if added != nil {
		if err := added(); err != nil {
			return "", err
		}
	}
	token.ID, token.UserID, token.CreatedAt, token.ExpiresAt = tx.NewID(), user.ID, tx.Now(), tx.Now().Add(TokenLifetime)
	return user.ID, errors.Join(tx.AddToken(token), tx.Append(keyshift.AuditEvent{
		Action: keyshift.ActLoggedIn, ActorKind: keyshift.ActorUser, ActorID: user.ID, UserID: user.ID,
		Details: map[string]string{"code": string(row.ID), "token": string(token.ID)},
	}))
}

// loginUser gives the user of a code; for a first-owner code, also what adds the new owner.
func (h *Hub) loginUser(tx Tx, row CodeRow, req LoginRequest) (keyshift.User, func() error, error) {
	if row.Kind == keyshift.LoginCode {
		user, err := tx.User(row.UserID)
		if err != nil || !user.Active {
			return keyshift.User{}, nil, orInvalid(err)
		}
		return user, nil, nil
	}
	if existing, err := tx.Users("", 1); err != nil || len(existing) > 0 {
		return keyshift.User{}, nil, orInvalid(err)
	}
	user, err := newUser(tx, req.UserName, req.DisplayName, []keyshift.Role{keyshift.Member, keyshift.Owner})
	if err != nil {
		return keyshift.User{}, nil, err
	}
	return user, func() error { return addUser(tx, Caller{kind: keyshift.ActorHub, id: h.row.ID}, user) }, nil
}

// Logout ends the token that carries the call.
func (h *Hub) Logout(ctx context.Context, call Call) error {
	_, err := effect(ctx, h, call, Releasing, func(tx Tx, c Caller) (struct{}, error) {
		return struct{}{}, errors.Join(tx.EndToken(call.TokenHash), tx.Append(c.event(keyshift.ActLoggedOut)))
	})
	return err
}

// WhoAmI gives the user of a call.
func (h *Hub) WhoAmI(ctx context.Context, call Call) (keyshift.User, error) {
	caller, err := h.Authorize(h.Store.Read(ctx), call)
	return caller.User, err
}
