package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bilten/rushgate/admission"
)

type keysCommand struct {
	New     keysNew     `cmd:"" help:"Make a file with one fresh key of each kind."`
	Add     keysAdd     `cmd:"" help:"Add a fresh key, which verifies but does not sign yet."`
	Promote keysPromote `cmd:"" help:"Let a key sign."`
	List    keysList    `cmd:"" help:"Name the keys in a file, without their secrets."`
}

func (keysCommand) Help() string {
	return `Rotation takes two steps, so that nobody is turned away: add a key and give the
file to every gateway; when all of them have it, promote the key and give the file
out again.

Example:

    rushgate keys new keys.yaml
    rushgate keys add keys.yaml --kind pass
    rushgate keys promote keys.yaml 7f3a`
}

type keysNew struct {
	File      string              `arg:"" help:"File to make; it must not exist."`
	Algorithm admission.Algorithm `enum:"EdDSA,ES256" default:"EdDSA" help:"Of the admission key: EdDSA or ES256."`
}

func (keysNew) Help() string { return "Example:\n\n    rushgate keys new keys.yaml" }

// Run never overwrites a file: a lost key ends every pass that it signed.
func (c keysNew) Run(a *app) error {
	if _, err := os.Stat(c.File); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already: losing its keys would end every pass they signed", c.File)
	}
	file, err := admission.GenerateKeys(c.Algorithm)
	if err != nil {
		return err
	}
	if err := writeKeyFile(c.File, file); err != nil {
		return err
	}
	printf(a.stdout, "%s made. Every gateway needs it; nobody else may read it.\n", c.File)
	return nil
}

type keysAdd struct {
	File      string              `arg:"" help:"Key file to change."`
	Kind      string              `enum:"pass,admission" required:"" help:"pass (places in the line) or admission (what shops verify)."`
	Algorithm admission.Algorithm `enum:"EdDSA,ES256" default:"EdDSA" help:"Of an admission key: EdDSA or ES256."`
}

func (keysAdd) Help() string { return "Example:\n\n    rushgate keys add keys.yaml --kind admission" }

// Run adds the key and says what comes next.
func (c keysAdd) Run(a *app) error {
	file, err := readKeyFile(c.File)
	if err != nil {
		return err
	}
	var id string
	if c.Kind == "pass" {
		file, id, err = file.AddPass()
	} else {
		file, id, err = file.AddAdmission(c.Algorithm)
	}
	if err != nil {
		return err
	}
	if err := writeKeyFile(c.File, file); err != nil {
		return err
	}
	printf(a.stdout, "%s key %s added. When every gateway has the file: rushgate keys promote %s %s\n", c.Kind, id, c.File, id)
	return nil
}

type keysPromote struct {
	File string `arg:"" help:"Key file to change."`
	ID   string `arg:"" name:"id" help:"Key that is to sign."`
}

func (keysPromote) Help() string { return "Example:\n\n    rushgate keys promote keys.yaml 7f3a" }

// Run lets the key sign.
func (c keysPromote) Run(a *app) error {
	file, err := readKeyFile(c.File)
	if err != nil {
		return err
	}
	if file, err = file.Promote(c.ID); err != nil {
		return err
	}
	if err := writeKeyFile(c.File, file); err != nil {
		return err
	}
	printf(a.stdout, "%s signs once every gateway has this file and a SIGHUP.\n", c.ID)
	return nil
}

type keysList struct {
	File string `arg:"" help:"Key file to read."`
}

func (keysList) Help() string { return "Example:\n\n    rushgate keys list keys.yaml" }

// Run names the keys and which of them sign.
func (c keysList) Run(a *app) error {
	file, err := readKeyFile(c.File)
	if err != nil {
		return err
	}
	for i, key := range file.Pass {
		printf(a.stdout, "pass       %-12s %-6s %s\n", key.ID, "HMAC", duty(i))
	}
	for i, key := range file.Admission {
		algorithm := key.Algorithm
		if algorithm == "" {
			algorithm = admission.EdDSA
		}
		printf(a.stdout, "admission  %-12s %-6s %s\n", key.ID, algorithm, duty(i))
	}
	return nil
}

func duty(position int) string {
	if position == 0 {
		return "signs and verifies"
	}
	return "verifies"
}

func readKeyFile(path string) (admission.KeyFile, error) {
	data, err := readSmall(path)
	if err != nil {
		return admission.KeyFile{}, err
	}
	file, err := admission.ParseKeyFile(data)
	if err != nil {
		return admission.KeyFile{}, inFile(path, err)
	}
	return file, nil
}

// writeKeyFile replaces the file in one step, readable by its owner alone, so
// that a crash or a full disk leaves the old keys.
func writeKeyFile(path string, file admission.KeyFile) error {
	data, err := file.Marshal()
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(data)
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(temporary.Name(), path)
}
