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
	Retire  keysRetire  `cmd:"" help:"Take out a key that is no longer needed."`
	Revoke  keysRevoke  `cmd:"" help:"Take out a key at once, because it leaked."`
	List    keysList    `cmd:"" help:"Name the keys in a file, without their secrets."`
}

func (keysCommand) Help() string {
	return `Rotation takes two steps, so that nobody is turned away: add a key and give the
file to every gateway; when all of them have it, promote the key and give the file
out again. A gateway reads the file again on SIGHUP and says in its /readyz which
keys it has; name the gateways to promote, and it refuses while one lacks the key.

Draw keys go by date: add one for a date ahead, and give the file out before then.

Example:

    rushgate keys new keys.yaml
    rushgate keys add keys.yaml --kind pass
    rushgate keys promote keys.yaml 7f3a --gateway http://10.0.0.1:9090 --gateway http://10.0.0.2:9090
    rushgate keys retire keys.yaml k7qx
    rushgate keys add keys.yaml --kind draw --from 2027-03-01T00:00:00Z`
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

type keysList struct {
	File    string   `arg:"" help:"Key file to read."`
	Gateway []string `help:"Ops address of a gateway, to see whether it has these keys. Repeat it." placeholder:"URL"`
}

func (keysList) Help() string {
	return `Example:

    rushgate keys list keys.yaml --gateway http://10.0.0.1:9090`
}

// Run names the keys and what each does, and then what the gateways lack.
func (c keysList) Run(a *app) error {
	file, err := readKeyFile(c.File)
	if err != nil {
		return err
	}
	var all []string
	for i, key := range file.Pass {
		printf(a.stdout, "pass       %-12s %-6s %s\n", key.ID, "HMAC", duty(i))
		all = append(all, key.ID)
	}
	for i, key := range file.Admission {
		algorithm := key.Algorithm
		if algorithm == "" {
			algorithm = admission.EdDSA
		}
		printf(a.stdout, "admission  %-12s %-6s %s\n", key.ID, algorithm, duty(i))
		all = append(all, key.ID)
	}
	for _, key := range file.Draw {
		what := "draws from"
		if key.Revoked {
			what = "revoked; no draws from"
		} else {
			all = append(all, key.ID)
		}
		printf(a.stdout, "draw       %-12s %-6s %s %s\n", key.ID, "HMAC", what, key.From)
	}
	return fleet(c.Gateway).have(a, file, all...)
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
