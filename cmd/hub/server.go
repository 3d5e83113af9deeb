package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/hub/pace"
	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// console is where a server command writes: answers to out, the log to err.
type console struct{ out, err io.Writer }

// buildVersion is the version of this program.
type buildVersion string

// serverCommands are those of the hub's own machine. They open its database instead of calling its API.
type serverCommands struct {
	Serve   serveCmd   `cmd:"" help:"Serve the hub. Without any flag it keeps its data in your home directory, on SQLite."`
	Migrate migrateCmd `cmd:"" help:"Bring the database of an older version up to date."`
	Backup  backupCmd  `cmd:"" help:"Write everything into one file, from either database engine. It holds no key."`
	Restore restoreCmd `cmd:"" help:"Read a backup into an empty database of either engine."`
	Kek     kekCmd     `cmd:"" name:"kek" help:"Look after the key-encryption key."`
}

// dataFlags say where a hub keeps its data.
type dataFlags struct {
	DataDir  string `placeholder:"DIR" env:"KEYSHIFT_DATA_DIR" help:"Where the SQLite database lies (default: ${data_dir})."`
	Database string `placeholder:"URL" env:"KEYSHIFT_DATABASE" help:"A postgres:// address instead of SQLite. Its password belongs into a password file (PGPASSFILE)."`
	KekFile  string `placeholder:"FILE" env:"KEYSHIFT_KEK_FILE" help:"The key-encryption key, outside of the data directory (default: ${kek_file})."`
}

func (f dataFlags) config(version string, log *slog.Logger) (server.Config, error) {
	dataDir, kekFile, err := defaultPlaces()
	if err != nil && (f.DataDir == "" || f.KekFile == "") {
		return server.Config{}, err
	}
	c := server.Config{DataDir: or(f.DataDir, dataDir), Database: f.Database, KEKFile: or(f.KekFile, kekFile), Version: version, Log: log}
	return c, refusePassword(f.Database)
}

func or(given, otherwise string) string {
	if given != "" {
		return given
	}
	return otherwise
}

// defaultPlaces are the places of a hub that is started without flags.
func defaultPlaces() (dataDir, kekFile string, err error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", "", keyshift.Invalid(keyshift.CodeFieldInvalid, "There is no home directory to keep the hub's data in.", "Give --data-dir and --kek-file.").Because(err)
	}
	return filepath.Join(home, ".local", "share", "keyshift-hub"), filepath.Join(home, ".config", "keyshift-hub", "kek.json"), nil
}

// refusePassword keeps a password out of the list of processes, which everybody can read.
func refusePassword(database string) error {
	u, err := url.Parse(database)
	if err != nil {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "The address of the database is not usable.", "Use postgres://user@host:port/name.")
	}
	if _, has := u.User.Password(); has || u.Query().Has("password") {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "The address of the database holds a password, which every user of this computer could read.",
			"Leave it out and put it into a password file: https://www.postgresql.org/docs/current/libpq-pgpass.html")
	}
	return nil
}

type serveCmd struct {
	dataFlags
	Listen       string         `default:"127.0.0.1:8443" env:"KEYSHIFT_LISTEN" help:"Address to serve on; :8443 for the whole network."`
	PublicURL    string         `name:"public-url" placeholder:"URL" env:"KEYSHIFT_PUBLIC_URL" help:"How devices reach the hub, if not by that address."`
	Name         string         `default:"Keyshift" env:"KEYSHIFT_NAME" help:"What people call the hub; used on the first start."`
	TLSCert      string         `name:"tls-cert" placeholder:"FILE" env:"KEYSHIFT_TLS_CERT" and:"tls" help:"A certificate that browsers trust, instead of the hub's own one."`
	TLSKey       string         `name:"tls-key" placeholder:"FILE" env:"KEYSHIFT_TLS_KEY" and:"tls" help:"Its key."`
	PlainHTTP    bool           `name:"plain-http" env:"KEYSHIFT_PLAIN_HTTP" help:"Serve without TLS: on this computer only, or behind --trusted-proxy."`
	TrustedProxy []netip.Prefix `placeholder:"NET" env:"KEYSHIFT_TRUSTED_PROXY" help:"Network of a reverse proxy whose X-Forwarded-For counts, like 10.0.0.0/24."`
	Practice     *string        `placeholder:"HOST" env:"KEYSHIFT_PRACTICE" help:"Serve the practice network too, a small fake site for new users, under this host name."`
	LogLevel     slog.Level     `default:"info" env:"KEYSHIFT_LOG_LEVEL" help:"debug, info, warn or error."`
}

// Run serves until it is told to stop.
func (cmd serveCmd) Run(ctx context.Context, io console, version buildVersion) error {
	log := slog.New(slog.NewTextHandler(io.err, &slog.HandlerOptions{Level: cmd.LogLevel}))
	c, err := cmd.config(string(version), log)
	if err != nil {
		return err
	}
	c.Listen, c.PublicURL, c.Name, c.CertFile, c.KeyFile = cmd.Listen, cmd.PublicURL, cmd.Name, cmd.TLSCert, cmd.TLSKey
	c.PlainHTTP, c.Proxies = cmd.PlainHTTP, cmd.TrustedProxy
	if cmd.Practice != nil { // an empty name is a mistake: who says nothing leaves the flag out
		if c.Practice, err = pack.CleanHost(*cmd.Practice); err != nil {
			return keyshift.Invalid(keyshift.CodeFieldInvalid, "The practice network needs a host name of its own.", "Give one, like practice.example.com, that leads to this hub.").Because(err)
		}
	}
	if c.Host, err = os.Hostname(); err != nil {
		return fmt.Errorf("read host name: %w", err)
	}
	s, err := server.Open(ctx, c)
	if err != nil {
		return err
	}
	if err := cmd.greet(ctx, io, s); err != nil {
		return errors.Join(err, s.Close())
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	go pace.Keep(serving)
	return errors.Join(s.Run(ctx), s.Close())
}

type migrateCmd struct{ dataFlags }

// Run migrates and tells the version.
func (cmd migrateCmd) Run(ctx context.Context, io console, version buildVersion) error {
	c, err := cmd.config(string(version), nil)
	if err != nil {
		return err
	}
	st, err := server.OpenStore(ctx, c, true)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "The database has schema version %d.\n", store.NewestSchema)
	return errors.Join(err, st.Close())
}
