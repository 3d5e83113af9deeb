package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/atomicfile"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

// tokenStore is where the API token of one profile lies.
type tokenStore interface {
	// Prepare fails if Set would probably fail: it is asked before a code is used up.
	Prepare(ctx context.Context) error
	Get(ctx context.Context) (keyshift.Secret, error)
	Set(ctx context.Context, token keyshift.Secret) error
	// Delete is no error if there is no token.
	Delete(ctx context.Context) error
	// Where says for people where the token lies.
	Where() string
}

// tokens is the store that the arguments name, else the one of the profile.
func (inv *invocation) tokens(p profile) tokenStore {
	if inv.grammar.TokenFile != "" {
		p.TokenFile = inv.grammar.TokenFile
	}
	return inv.tokensOf(p)
}

// tokensOf is the store of a profile.
func (inv *invocation) tokensOf(p profile) tokenStore {
	if p.TokenFile != "" {
		return tokenFile{path: p.TokenFile, profile: inv.grammar.Profile}
	}
	return keyringToken{inv.Keyring, inv.grammar.Profile}
}

// keyringToken keeps the token in the OS keyring.
type keyringToken struct {
	ring    Keyring
	profile string
}

func (k keyringToken) key() string { return "token:" + k.profile }

func (k keyringToken) Where() string { return "the keyring of this computer" }

func (k keyringToken) Prepare(ctx context.Context) error { return keyringError(k.ring.Probe(ctx)) }

func (k keyringToken) Get(ctx context.Context) (keyshift.Secret, error) {
	token, err := k.ring.Get(ctx, k.key())
	if errors.Is(err, osring.ErrNotFound) {
		return keyshift.Secret{}, errNotLoggedIn(k.profile)
	}
	return keyshift.NewSecret(string(token)), keyringError(err)
}

func (k keyringToken) Set(ctx context.Context, token keyshift.Secret) error {
	return keyringError(k.ring.Set(ctx, k.key(), []byte(token.Reveal())))
}

func (k keyringToken) Delete(ctx context.Context) error {
	return keyringError(k.ring.Delete(ctx, k.key()))
}

// keyringError explains what a keyring said.
func keyringError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, osring.ErrLocked), errors.Is(err, osring.ErrTimeout):
		return keyshift.Refuse(keyshift.CodeKeyringLocked, "The keyring of this computer is locked, or waits for an answer.",
			"Unlock it and try again.").Because(err)
	case errors.Is(err, osring.ErrNotDeleted):
		return keyshift.Refuse(keyshift.CodeWipeFailed, "The keyring says that it deleted the token, and still has it.",
			"Delete the item keyshift-hub in your keyring program.").Because(err)
	}
	return keyshift.Refuse(keyshift.CodeKeyringUnavailable, "There is no working keyring for the API token.",
		"On Linux log in at the desktop, or install gnome-keyring. Where there is none, as on a server, add --token-file FILE: the token then lies in that file, for your user alone.").Because(err)
}

// tokenFile keeps the token in a file that only its owner can read.
type tokenFile struct{ path, profile string }

func (f tokenFile) Where() string { return f.path }

func (f tokenFile) open() (*os.Root, string, error) {
	if err := checkTokenFile(); err != nil {
		return nil, "", err
	}
	dir, err := os.OpenRoot(filepath.Dir(f.path))
	if err != nil {
		return nil, "", fileError("The folder of the token file "+f.path+" cannot be used.", err)
	}
	return dir, filepath.Base(f.path), nil
}

// Prepare refuses to replace something that is no token file of ours.
func (f tokenFile) Prepare(ctx context.Context) error {
	dir, _, err := f.open()
	if err != nil {
		return err
	}
	if err := dir.Close(); err != nil {
		return err
	}
	if _, err := f.Get(ctx); err != nil && keyshift.CodeOf(err) != keyshift.CodeNotLoggedIn {
		return err
	}
	return nil
}

var errNoToken = keyshift.Invalid(keyshift.CodeFieldInvalid, "The token file does not hold a token.", "Give the file that login wrote, or a new path.")

func (f tokenFile) Get(context.Context) (keyshift.Secret, error) {
	if err := checkTokenFile(); err != nil {
		return keyshift.Secret{}, err
	}
	data, err := readOwn(f.path, othersMayRead)
	if errors.Is(err, fs.ErrNotExist) {
		return keyshift.Secret{}, errNotLoggedIn(f.profile)
	}
	if err != nil {
		return keyshift.Secret{}, err
	}
	token := strings.TrimSpace(string(data))
	if !strings.HasPrefix(token, tokenPrefix) || strings.ContainsAny(token, " \t\r\n") {
		return keyshift.Secret{}, errNoToken
	}
	return keyshift.NewSecret(token), nil
}

// tokenPrefix begins every API token.
const tokenPrefix = "ks_"

func (f tokenFile) Set(_ context.Context, token keyshift.Secret) error {
	dir, name, err := f.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := atomicfile.Write(dir, name, []byte(token.Reveal()+"\n"), 0o600); err != nil {
		return fileError("The token file "+f.path+" cannot be written.", err)
	}
	return nil
}

func (f tokenFile) Delete(context.Context) error {
	dir, name, err := f.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := atomicfile.Remove(dir, name); err != nil {
		return fileError("The token file "+f.path+" cannot be removed.", err)
	}
	return nil
}
