package simtest

import (
	"flag"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/bilten/rushgate/queue"
)

var (
	seed  = flag.Uint64("rush.seed", 0, "play the rush of this seed alone and tell its story")
	count = flag.Uint64("rush.count", 60, "how many rushes to play")
	// What an older copy of the store answers before any gateway has ticked it is
	// not yet held against what gateways know.
	gap   = flag.Bool("rush.gap", false, "let a store that has fallen back answer visitors before it is ticked")
	first = flag.Uint64("rush.first", 1, "the seed of the first")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func honest(s queue.Store) queue.Store { return s }

// play returns what was broken in the rush of a seed, and its story.
func play(t *testing.T, seed uint64, wrap func(queue.Store) queue.Store) (found []string, r *rush) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r = newRush(t, seed, wrap)
		found = r.run()
	})
	return found, r
}

func TestNoRushBreaksAPromise(t *testing.T) {
	if *seed > 0 {
		found, r := play(t, *seed, honest)
		t.Log("\n" + r.story.text.String())
		if len(found) > 0 {
			t.Errorf("seed %d:\n%s", *seed, strings.Join(found, "\n"))
		}
		return
	}
	admitted, failed := 0, 0
	for s := *first; s < *first+*count && failed < 20; s++ {
		found, r := play(t, s, honest)
		admitted += r.admitted
		if len(found) > 0 {
			failed++
			t.Errorf("go test ./room/simtest -run NoRush -rush.seed %d:\n%s", s, strings.Join(found[:min(3, len(found))], "\n"))
		}
	}
	t.Logf("%d admissions in %d rushes", admitted, *count)
}
