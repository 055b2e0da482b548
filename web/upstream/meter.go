package upstream

import (
	"math/bits"
	"sync"
	"time"
)

// outcome is how a request ended, as far as the instance can be blamed.
type outcome uint8

const (
	answered    outcome = iota // any status below 500
	erred                      // a status from 500
	broken                     // no connection, or it broke off
	timedOut                   // no answer in time
	visitorGone                // says nothing about the instance
	outcomes
)

var outcomeNames = [outcomes]string{"answered", "status_5xx", "broken", "timeout", "visitor_gone"}

func (o outcome) failed() bool { return o == erred || o == broken || o == timedOut }

const (
	// meterSeconds is what a meter looks back on; the second under way comes on top.
	meterSeconds = 10
	meterCells   = meterSeconds + 1

	// A bucket is an eighth of a power of two of microseconds: answer times are
	// known within 12 %.
	bucketBits = 3
	buckets    = (bucketOctaves + 1) << bucketBits
	// The last octave ends above four minutes, far above any sane answer timeout.
	bucketOctaves = 26
)

// meter counts an instance's requests by the second, for the last seconds, in
// bounded memory. Requests that are not answered yet count by their age: an
// instance that hangs is seen before its first timeout.
type meter struct {
	mu    sync.Mutex
	cells [meterCells]cell
	stale int64 // begun before the oldest cell, and still open
}

type cell struct {
	second int64 // since 1970; which one this is
	open   int64 // begun in this second and not ended
	ends   [outcomes]int64
	took   [buckets]uint32
}

// at returns the cell of this second; what it held of another one goes, which is
// older, or from before the clock was set back.
func (m *meter) at(second int64) *cell {
	c := &m.cells[second%meterCells]
	if c.second != second {
		m.stale += c.open
		*c = cell{second: second}
	}
	return c
}

func (m *meter) begin(now time.Time) {
	m.mu.Lock()
	m.at(now.Unix()).open++
	m.mu.Unlock()
}

// end counts a request that began at a time and was answered after some more.
func (m *meter) end(begun, now time.Time, took time.Duration, how outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := &m.cells[begun.Unix()%meterCells]; c.second == begun.Unix() {
		c.open--
	} else {
		m.stale--
	}
	c := m.at(now.Unix())
	c.ends[how]++
	if how != visitorGone {
		c.took[bucket(took)]++
	}
}

func bucket(took time.Duration) int {
	micros := uint64(max(0, took.Microseconds()))
	if micros < 1<<bucketBits {
		return int(micros) //nolint:gosec // below 8
	}
	octave := bits.Len64(micros) - bucketBits - 1
	return min(buckets-1, (octave+1)<<bucketBits+int(micros>>octave)-1<<bucketBits) //nolint:gosec // micros>>octave is below 16
}

// bucketEnd is the longest time of a bucket.
func bucketEnd(i int) time.Duration {
	if i < 1<<bucketBits {
		return time.Duration(i+1) * time.Microsecond
	}
	octave := i>>bucketBits - 1
	return time.Duration((i&(1<<bucketBits-1)|1<<bucketBits)+1) << octave * time.Microsecond
}

// tally is what a meter knows of the last seconds, or several of them together.
type tally struct {
	ends [outcomes]int64
	took [buckets]int64
	open int64 // of took: not ended yet
}

func (t *tally) requests() int64 {
	return t.ends[answered] + t.ends[erred] + t.ends[broken] + t.ends[timedOut]
}

func (t *tally) failures() int64 { return t.ends[erred] + t.ends[broken] + t.ends[timedOut] }

// addTo adds the last seconds up to now. Requests that have been open for more
// than a second count in took with the age that they have reached.
func (m *meter) addTo(t *tally, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	second := now.Unix()
	for i := range m.cells {
		c := &m.cells[i]
		age := second - c.second
		if age >= meterCells || age <= -meterCells {
			t.wait(meterCells, c.open)
			continue
		}
		for how, n := range c.ends {
			t.ends[how] += n
		}
		for i, n := range c.took {
			t.took[i] += int64(n)
		}
		if age > 1 {
			t.wait(age, c.open)
		}
	}
	t.wait(meterCells, m.stale)
}

// wait adds n requests that have been open for so many seconds.
func (t *tally) wait(seconds, n int64) {
	if n > 0 {
		t.took[bucket(time.Duration(seconds)*time.Second)] += n
		t.open += n
	}
}

// quantile is the time within which a share of the requests was answered,
// rounded up to the end of a bucket; 0 without requests.
func (t *tally) quantile(share float64) time.Duration {
	var all int64
	for _, n := range t.took {
		all += n
	}
	rank := int64(share * float64(all))
	for i, n := range t.took {
		if rank -= n; rank < 0 {
			return bucketEnd(i)
		}
	}
	return 0
}
