package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/bilten/rushgate/admission"
)

type keysAdd struct {
	File      string              `arg:"" help:"Key file to change."`
	Kind      string              `enum:"pass,admission,draw" required:"" help:"pass (places in the line), admission (what shops verify) or draw (the order of draws)."`
	Algorithm admission.Algorithm `enum:"EdDSA,ES256" default:"EdDSA" help:"Of an admission key: EdDSA or ES256."`
	From      time.Time           `help:"Of a draw key: when it comes into force, such as 2027-03-01T00:00:00Z. Every gateway must have it by then." placeholder:"TIME"`
}

func (keysAdd) Help() string {
	return `Example:

    rushgate keys add keys.yaml --kind admission
    rushgate keys add keys.yaml --kind draw --from 2027-03-01T00:00:00Z`
}

// Run adds the key and says what comes next.
func (c keysAdd) Run(a *app) error {
	if (c.Kind == "draw") == c.From.IsZero() {
		return errors.New("--from goes with --kind draw, and with that alone")
	}
	file, err := readKeyFile(c.File)
	if err != nil {
		return err
	}
	var id string
	next := fmt.Sprintf("When every gateway has the file: rushgate keys promote %s ", c.File)
	switch admission.Kind(c.Kind) {
	case admission.KindPass:
		file, id, err = file.AddPass()
	case admission.KindAdmission:
		file, id, err = file.AddAdmission(c.Algorithm)
	case admission.KindDraw:
		if now := time.Now(); len(file.Draw) > 0 && !c.From.After(now) {
			return fmt.Errorf("--from %s is past: draws that have opened would change. Name a time by which every gateway has the file", c.From.Format(time.RFC3339))
		}
		file, id, err = file.AddDraw(c.From)
		next = "Every gateway must have the file by " + c.From.Format(time.RFC3339) + ": rushgate keys list --gateway says which have "
	}
	if err != nil {
		return err
	}
	if err := writeKeyFile(c.File, file); err != nil {
		return err
	}
	printf(a.stdout, "%s key %s added. %s%s\n", c.Kind, id, next, id)
	return nil
}

type keysPromote struct {
	File    string   `arg:"" help:"Key file to change."`
	ID      string   `arg:"" name:"id" help:"Key that is to sign."`
	Gateway []string `help:"Ops address of a gateway that must have the key. Repeat it for every gateway." placeholder:"URL"`
}

func (keysPromote) Help() string {
	return `With --gateway nothing is promoted while one of them does not have the key yet.

Example:

    rushgate keys promote keys.yaml 7f3a --gateway http://10.0.0.1:9090 --gateway http://10.0.0.2:9090`
}

// Run lets the key sign.
func (c keysPromote) Run(a *app) error {
	file, err := readKeyFile(c.File)
	if err != nil {
		return err
	}
	promoted, err := file.Promote(c.ID)
	if err != nil {
		return err
	}
	if err := fleet(c.Gateway).have(a, file, c.ID); err != nil {
		return err
	}
	if err := writeKeyFile(c.File, promoted); err != nil {
		return err
	}
	if len(c.Gateway) == 0 {
		printf(a.stdout, "No gateway was asked whether it has %s: one that lacks it turns away who comes with it.\n", c.ID)
	}
	printf(a.stdout, "%s signs once every gateway has this file and a SIGHUP.\n", c.ID)
	return nil
}

type keysRetire struct {
	File    string   `arg:"" help:"Key file to change."`
	ID      string   `arg:"" name:"id" help:"Key to take out."`
	Gateway []string `help:"Ops address of a gateway that must not sign with the key any more. Repeat it for every gateway." placeholder:"URL"`
}

func (keysRetire) Help() string {
	return `A pass key has had its last use when the events that it sealed passes for are over,
an admission key when the last session that it signed has ended, a draw key when
the events whose draws it made are over. Retiring it ends what is left.

Example:

    rushgate keys retire keys.yaml k7qx --gateway http://10.0.0.1:9090`
}

// Run takes the key out and says what that ends.
func (c keysRetire) Run(a *app) error {
	file, err := readKeyFile(c.File)
	if err != nil {
		return err
	}
	kind, _, err := file.Find(c.ID)
	if err != nil {
		return err
	}
	retired, err := file.Retire(c.ID, time.Now())
	if err != nil {
		return fmt.Errorf("%w; with it would end %s", err, ends[kind])
	}
	if err := fleet(c.Gateway).signWithAnother(a, kind, c.ID); err != nil {
		return err
	}
	if err := writeKeyFile(c.File, retired); err != nil {
		return err
	}
	printf(a.stdout, "%s key %s retired. With the next SIGHUP of each gateway end %s.\n", kind, c.ID, ends[kind])
	return nil
}

// ends says what goes with a key.
var ends = map[admission.Kind]string{
	admission.KindPass:      "the places and visitor cookies that it sealed, and the presale codes made with it: who still waits on one stands at the end",
	admission.KindAdmission: "the admissions that it signed: who is still in the shop on one goes through the line again",
	admission.KindDraw:      "the draws of its time: none can be made, and none put back in order after a loss",
}

type keysRevoke struct {
	File string `arg:"" help:"Key file to change."`
	ID   string `arg:"" name:"id" help:"Key that leaked."`
}

func (keysRevoke) Help() string {
	return `For emergencies: the key is out even if it signs. The next one of its kind signs,
or a fresh one is made. Give the file to every gateway at once.

Example:

    rushgate keys revoke keys.yaml k7qx`
}

// Run takes the key out, whoever loses by it, and says who does.
func (c keysRevoke) Run(a *app) error {
	file, err := readKeyFile(c.File)
	if err != nil {
		return err
	}
	kind, _, err := file.Find(c.ID)
	if err != nil {
		return err
	}
	revoked, fresh, err := file.Revoke(c.ID, time.Now())
	if err != nil {
		return err
	}
	if err := writeKeyFile(c.File, revoked); err != nil {
		return err
	}
	printf(a.stdout, "%s key %s revoked. With the next SIGHUP of each gateway end %s.\n", kind, c.ID, ends[kind])
	switch {
	case fresh == "": // there was another
	case kind == admission.KindDraw:
		added := revoked.Draw[len(revoked.Draw)-1]
		printf(a.stdout, "A fresh key, %s, draws from %s on. Every gateway must have the file by then.\n", fresh, added.From)
	default:
		printf(a.stdout, "A fresh key, %s, signs. Until every gateway has it, who comes from one that has to one that has not is turned away.\n", fresh)
	}
	printf(a.stdout, "Give the file to every gateway now, with a SIGHUP: until then the leaked key opens doors.\n")
	return nil
}
