package admission

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bilten/rushgate/draw"
)

// ErrNoDrawKey says that a draw can't be made with the keys of the ring.
var ErrNoDrawKey = errors.New("no draw key")

// drawKey is a draw key, decoded.
type drawKey struct {
	id      string
	from    time.Time
	secret  []byte
	revoked bool
}

func (k drawKey) compare(other drawKey) int {
	return cmp.Or(k.from.Compare(other.from), cmp.Compare(k.id, other.id))
}

// DrawSeed is the seed of an event's draw that opens at the given instant: the
// event's prequeue_start_time, or its start where it has none. root is the first
// generation of the room's lineage.
//
// The key is the one with the latest date that isn't after that instant. So every
// gateway finds the same, whatever the order of the file, and a key that is added
// for a date ahead changes no draw that has opened. The error wraps
// [ErrNoDrawKey] and says what is missing.
func (k *Keys) DrawSeed(event string, root uint64, opens time.Time) (draw.Seed, error) {
	refused := func(why string) error {
		return fmt.Errorf("draw of %s, which opens at %s: %w: %s", event, opens.UTC().Format(time.RFC3339), ErrNoDrawKey, why)
	}
	at := inForce(k.draws, opens)
	switch {
	case len(k.draws) == 0:
		return draw.Seed{}, refused("the key file has none")
	case at < 0:
		return draw.Seed{}, refused(fmt.Sprintf("the oldest, %s, is in force from %s", k.draws[0].id, k.draws[0].from.UTC().Format(time.RFC3339)))
	case k.draws[at].revoked:
		return draw.Seed{}, refused(fmt.Sprintf("%s, which is in force then, was revoked", k.draws[at].id))
	}
	return draw.NewSeed(k.draws[at].secret, event, root), nil
}

// inForce finds the key of an instant among keys, the oldest first; -1 for none.
func inForce(keys []drawKey, at time.Time) int {
	later := slices.IndexFunc(keys, func(k drawKey) bool { return k.from.After(at) })
	if later < 0 {
		later = len(keys)
	}
	return later - 1
}

// timeline reads the dates alone, the oldest first. Two keys of one instant are
// an error: neither would be the one in force.
func (f KeyFile) timeline() ([]drawKey, error) {
	var errs []error
	keys := make([]drawKey, len(f.Draw))
	for i, k := range f.Draw {
		from, err := time.Parse(time.RFC3339, k.From)
		if err != nil {
			errs = append(errs, fmt.Errorf("draw[%d]: from %q: want an instant such as 2027-03-01T00:00:00Z", i, k.From))
		}
		keys[i] = drawKey{id: k.ID, from: from, revoked: k.Revoked}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	slices.SortFunc(keys, drawKey.compare)
	for i := 1; i < len(keys); i++ {
		if keys[i].from.Equal(keys[i-1].from) {
			errs = append(errs, fmt.Errorf("draw: %s and %s have the same from", keys[i-1].id, keys[i].id))
		}
	}
	return keys, errors.Join(errs...)
}

// openDraw decodes the draw keys, the oldest first, and tells note what is wrong
// with each.
func (f KeyFile) openDraw(note func(place string, raw []byte, err error)) ([]drawKey, error) {
	keys, err := f.timeline()
	if err != nil {
		return nil, err
	}
	for i, k := range f.Draw {
		secret, err := k.open()
		note(fmt.Sprintf("draw[%d]", i), secret, err)
		keys[slices.IndexFunc(keys, func(d drawKey) bool { return d.id == k.ID })].secret = secret
	}
	return keys, nil
}

func (k DrawKey) open() ([]byte, error) {
	switch {
	case !otherID.MatchString(k.ID):
		return nil, fmt.Errorf("id %q: want 1 to 32 of a-z, 0-9 and -", k.ID)
	case k.Revoked && k.Secret != "":
		return nil, errors.New("secret: a revoked key has none")
	case k.Revoked:
		return nil, nil
	}
	return k.Secret.random()
}
