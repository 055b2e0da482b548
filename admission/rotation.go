package admission

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"
)

// AddPass appends a fresh pass key and returns the new file and the key's id:
// it verifies everywhere before [KeyFile.Promote] lets it sign.
func (f KeyFile) AddPass() (KeyFile, string, error) {
	id := freshID(keyIDSize)
	key := PassKey{ID: id, Secret: freshSecret()}
	f.Pass = append(slices.Clone(f.Pass), key)
	return f, id, f.uniqueIDs()
}

// AddAdmission appends a fresh admission key, as AddPass does.
func (f KeyFile) AddAdmission(alg Algorithm) (KeyFile, string, error) {
	var private any
	var err error
	switch alg {
	case EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("unknown algorithm %q: want EdDSA or ES256", alg)
	}
	if err != nil {
		return KeyFile{}, "", fmt.Errorf("generate admission key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return KeyFile{}, "", fmt.Errorf("generate admission key: %w", err)
	}
	id := freshID(longID)
	key := AdmissionKey{ID: id, Algorithm: alg, Key: Secret(base64.StdEncoding.EncodeToString(der))}
	f.Admission = append(slices.Clone(f.Admission), key)
	return f, id, f.uniqueIDs()
}

// AddDraw appends a fresh draw key that is in force from the given instant, in
// whole seconds. With another draw key in the file that instant must lie ahead
// of every gateway that loads it: the caller sees to that.
func (f KeyFile) AddDraw(from time.Time) (KeyFile, string, error) {
	key := DrawKey{ID: freshID(longID), From: from.UTC().Format(time.RFC3339), Secret: freshSecret()}
	f.Draw = append(slices.Clone(f.Draw), key)
	_, err := f.timeline()
	return f, key.ID, errors.Join(err, f.uniqueIDs())
}

// Kind names what a key is for.
type Kind string

const (
	KindPass      Kind = "pass"
	KindAdmission Kind = "admission"
	KindDraw      Kind = "draw"
)

// Find returns what the key with this id is for and where in its list it stands.
func (f KeyFile) Find(id string) (kind Kind, at int, err error) {
	if i := slices.IndexFunc(f.Pass, func(k PassKey) bool { return k.ID == id }); i >= 0 {
		return KindPass, i, nil
	}
	if i := slices.IndexFunc(f.Admission, func(k AdmissionKey) bool { return k.ID == id }); i >= 0 {
		return KindAdmission, i, nil
	}
	if i := slices.IndexFunc(f.Draw, func(k DrawKey) bool { return k.ID == id }); i >= 0 {
		return KindDraw, i, nil
	}
	return "", 0, fmt.Errorf("no key has the id %q", id)
}

// Promote moves the key with this id to the front of its list: it signs from
// the next load on. Every gateway must have loaded the key before.
func (f KeyFile) Promote(id string) (KeyFile, error) {
	kind, at, err := f.Find(id)
	switch {
	case err != nil:
		return KeyFile{}, err
	case kind == KindPass:
		f.Pass = toFront(f.Pass, at)
	case kind == KindAdmission:
		f.Admission = toFront(f.Admission, at)
	default:
		return KeyFile{}, fmt.Errorf("%s is a draw key: it is in force by its date, %s, and not by promotion", id, f.Draw[at].From)
	}
	return f, nil
}

// Retire takes out a key that is no longer needed. It refuses the key that signs
// or is in force at now, and a draw key whose time would fall to an older one.
func (f KeyFile) Retire(id string, now time.Time) (KeyFile, error) {
	kind, at, err := f.Find(id)
	if err != nil {
		return KeyFile{}, err
	}
	count := map[Kind]int{KindPass: len(f.Pass), KindAdmission: len(f.Admission), KindDraw: len(f.Draw)}[kind]
	switch {
	case count == 1:
		return KeyFile{}, fmt.Errorf("%s is the only %s key: add another first", id, kind)
	case kind != KindDraw && at == 0:
		return KeyFile{}, fmt.Errorf("%s signs: promote another %s key first", id, kind)
	case kind == KindPass:
		f.Pass = without(f.Pass, at)
		return f, nil
	case kind == KindAdmission:
		f.Admission = without(f.Admission, at)
		return f, nil
	}
	return f.retireDraw(at, now)
}

func (f KeyFile) retireDraw(at int, now time.Time) (KeyFile, error) {
	keys, err := f.timeline()
	if err != nil {
		return KeyFile{}, err
	}
	id, current := f.Draw[at].ID, inForce(keys, now)
	switch i := slices.IndexFunc(keys, func(k drawKey) bool { return k.id == id }); {
	case i == current:
		return KeyFile{}, fmt.Errorf("%s is in force since %s: add a draw key, and wait until it has taken over and the draws of this one are over", id, f.Draw[at].From)
	case i < current && i > 0:
		return KeyFile{}, fmt.Errorf("retire %s first: it is older, and the draws of %s would fall to it", keys[0].id, id)
	}
	f.Draw = without(f.Draw, at)
	return f, nil
}

// takeover is how far ahead the key that replaces a revoked draw key comes into
// force: every gateway must have loaded it by then, or two would draw differently.
const takeover = 10 * time.Minute

// Revoke takes a key out at once, whatever it does: the next one signs, or a
// fresh one if there is none, whose id it returns. Everything that the key
// signed ends; draws of its time can no longer be made.
func (f KeyFile) Revoke(id string, now time.Time) (next KeyFile, fresh string, err error) {
	kind, at, err := f.Find(id)
	if err != nil {
		return KeyFile{}, "", err
	}
	switch kind {
	case KindPass:
		f.Pass = without(f.Pass, at)
		if len(f.Pass) == 0 {
			return f.AddPass()
		}
	case KindAdmission:
		alg := f.Admission[at].Algorithm
		f.Admission = without(f.Admission, at)
		if len(f.Admission) == 0 {
			return f.AddAdmission(cmp.Or(alg, EdDSA))
		}
	case KindDraw:
		return f.revokeDraw(at, now)
	}
	return f, "", nil
}

// revokeDraw keeps the time of a key that draws may have been made with. Nobody
// has used one whose time lies ahead.
func (f KeyFile) revokeDraw(at int, now time.Time) (next KeyFile, fresh string, err error) {
	keys, err := f.timeline()
	if err != nil {
		return KeyFile{}, "", err
	}
	isThis := func(k drawKey) bool { return k.id == f.Draw[at].ID }
	if slices.IndexFunc(keys, isThis) > inForce(keys, now) {
		f.Draw = without(f.Draw, at)
	} else {
		f.Draw = slices.Clone(f.Draw)
		f.Draw[at].Secret, f.Draw[at].Revoked = "", true
	}
	if keys, err = f.timeline(); err != nil {
		return KeyFile{}, "", err
	}
	takes := now.Add(takeover)
	if i := inForce(keys, takes); i >= 0 && !keys[i].revoked {
		return f, "", nil
	}
	return f.AddDraw(takes)
}

func toFront[T any](list []T, i int) []T {
	return slices.Insert(without(list, i), 0, list[i])
}

func without[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }

const longID = 8 // letters, of every id that no pass carries

func freshSecret() Secret {
	secret := make([]byte, minSecret)
	_, _ = rand.Read(secret) // never fails
	return Secret(base64.StdEncoding.EncodeToString(secret))
}

// freshID is a random id without the letters that are misread.
func freshID(size int) string {
	const letters = "0123456789abcdefghjkmnpqrstvwxyz" // 32: no bias
	id := make([]byte, size)
	_, _ = rand.Read(id)
	for i, b := range id {
		id[i] = letters[b%32]
	}
	return string(id)
}
