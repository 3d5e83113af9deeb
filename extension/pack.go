package extension

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// PackXPI writes a built directory as a file that Firefox installs; unsigned.
func PackXPI(dir, file string) error {
	var data bytes.Buffer
	archive := zip.NewWriter(&data)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return addFile(archive, dir, path)
	})
	if err := errors.Join(err, archive.Close()); err != nil {
		return fmt.Errorf("pack xpi: %w", err)
	}
	return write(file, data.Bytes())
}

// addFile adds no time of its own: the same source makes the same file.
func addFile(archive *zip.Writer, dir, path string) error {
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, err := archive.CreateHeader(&zip.FileHeader{Name: filepath.ToSlash(name), Method: zip.Deflate})
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	return err
}

// PackCRX lets a Chromium pack a built directory, which lacks the key (see Options.NoKey), and sign it with the RSA key of
// keyFile (PKCS #8, PEM). The crx is beside the directory, named like it.
func PackCRX(ctx context.Context, chromium, dir, keyFile string) (string, error) {
	profile, err := os.MkdirTemp("", "keyshift-pack-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(profile)
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir="+profile, //nolint:gosec // the caller chooses the browser
		"--pack-extension="+dir, "--pack-extension-key="+keyFile)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("pack crx: %w: %s", err, out)
	}
	return dir + ".crx", nil
}
