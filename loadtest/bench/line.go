//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/redisqueue"
)

const (
	storeCallers     = 512
	storeConnections = 32 // a gateway's default
)

// long is the line of the event that a million wait for. The bench joins it as
// another gateway would, without HTTP.
type long struct {
	store   queue.Store
	batcher *queue.Batcher
	joined  atomic.Int64
	places  []queue.Visitor // by number, from 1
}

func newLong(r *redisServer, visitors int) *long {
	store := redisqueue.New(r.client, rand.Uint64)
	return &long{store: store, batcher: queue.NewBatcher(store, millionID), places: make([]queue.Visitor, visitors+1)}
}

// callers runs do n times, on storeCallers goroutines.
func callers(ctx context.Context, n int, do func(context.Context) error) (outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	for range storeCallers {
		group.Go(func() {
			for left.Add(-1) >= 0 && ctx.Err() == nil {
				if err := do(ctx); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	return outcome{requests: n, took: time.Since(began)}, context.Cause(ctx)
}

func (l *long) join(ctx context.Context) error {
	var v queue.Visitor
	binary.BigEndian.PutUint64(v[:], rand.Uint64())
	binary.BigEndian.PutUint64(v[8:], uint64(l.joined.Add(1))) //nolint:gosec // counts up from 1
	a, err := l.batcher.Do(ctx, queue.Join, queue.Visit{Visitor: v, Line: "general"})
	if err != nil {
		return err
	}
	if a.State != queue.Waiting || a.Number >= int64(len(l.places)) {
		return fmt.Errorf("a join was answered with state %d, number %d", a.State, a.Number)
	}
	l.places[a.Number] = v
	return nil
}

// naiveJoin is what the naive gateway does to its Redis for a join.
func naiveJoin(client *redis.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		visitor := fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
		arrived := redis.Z{Score: float64(time.Now().UnixMicro()), Member: visitor}
		return errors.Join(
			client.ZAddNX(ctx, "line", arrived).Err(),
			client.ZRank(ctx, "line", visitor).Err(),
			client.ZCard(ctx, "line").Err(),
		)
	}
}

// storeJoins fills the long line, and weighs it.
func (b *bench) storeJoins(ctx context.Context, l *long) error {
	const naiveShare = 16
	before, err := b.redis.memory(ctx)
	if err != nil {
		return err
	}
	each := b.waiting / b.rounds
	err = b.compare(ctx, "join in the store", storeCallers,
		side{name: "rushgate", server: ownCPU, redis: b.redis, send: func(ctx context.Context) (outcome, error) { return callers(ctx, each, l.join) }},
		side{name: "naive", server: ownCPU, redis: b.naive.redis, send: func(ctx context.Context) (outcome, error) {
			return callers(ctx, each/naiveShare, naiveJoin(b.naive.redis.client))
		}})
	if err != nil {
		return err
	}
	after, err := b.redis.memory(ctx)
	if err != nil {
		return err
	}
	keys, err := b.redis.client.Keys(ctx, "rg:{"+millionID+"}:*").Result()
	b.report.Line.Waiting = l.joined.Load()
	b.report.Line.BytesPerVisitor = float64(after-before) / float64(l.joined.Load())
	b.report.Line.Keys = len(keys)
	return err
}

const lookEvery = 2 * time.Millisecond

// ticks lets the line be called and watches what that costs Redis, and how long
// a gateway answers from the same snapshot.
func (b *bench) ticks(ctx context.Context) error {
	if err := b.unqueue(ctx, millionID); err != nil {
		return err
	}
	serving, _, err := b.now(ctx, millionID)
	for serving == 0 && err == nil {
		serving, _, err = b.now(ctx, millionID)
	}
	if err != nil {
		return err
	}
	before, err := b.redis.process.CPU()
	if err != nil {
		return err
	}
	first, began, changed := serving, time.Now(), time.Now()
	var ages []time.Duration
	for time.Since(began) < b.watch {
		now, _, err := b.now(ctx, millionID)
		if err != nil {
			return err
		}
		if now != serving {
			ages = append(ages, time.Since(changed))
			serving, changed = now, time.Now()
		}
		time.Sleep(lookEvery)
	}
	after, err := b.redis.process.CPU()
	took := time.Since(began).Seconds()
	slices.Sort(ages)
	b.report.Line.TickCore = (after - before).Seconds() / took
	b.report.Line.CalledPerSecond = float64(serving-first) / took
	b.report.Line.SnapshotAgeMS = float64(quantile(ages, 1).Milliseconds())
	return err
}

// admitted is how many had come in at a moment of the store's clock.
type admitted struct{ at, count int64 }

const (
	window      = time.Minute
	burst       = 2 * time.Second // within it the opening's burst has come in
	claimEvery  = 250 * time.Millisecond
	releaseLine = "general"
)

// releases claims for everybody who is called, as soon as they are called, and
// says how many came in during each window.
func (b *bench) releases(ctx context.Context, l *long) error {
	var seen []admitted
	var next int64 = 1
	for began := time.Now(); time.Since(began) < b.release; time.Sleep(claimEvery) {
		// A version below the one in force: this gateway installs nothing.
		s, err := l.store.Tick(ctx, millionID, bystander, queue.Budget{}, queue.Remembered{})
		if err != nil {
			return err
		}
		seen = append(seen, admitted{s.At, s.Admitted})
		called, _ := s.Line(releaseLine)
		for ; next <= called.Serving; next = min(next+queue.MaxBatch, called.Serving+1) {
			if err := l.claim(ctx, next, min(next+queue.MaxBatch, called.Serving+1)); err != nil {
				return err
			}
		}
	}
	f := &b.report.Line
	f.Windows, f.Opening, f.Lowest, f.Highest = accuracy(seen, releasePerMin)
	return nil
}

// bystander is the policy of a gateway that knows less than the others.
var bystander = queue.Policy{
	Version: 1, Rate: queue.PerMinute(releasePerMin), Cap: everybody,
	Times: queue.Times{Turn: 3_600_000, Grace: 60_000, Session: 3_600_000, SessionMax: 3_600_000, Probation: 60_000},
	Lines: []queue.Line{{Name: releaseLine, Weight: 1}},
}

func (l *long) claim(ctx context.Context, from, to int64) error {
	visits := make([]queue.Visit, 0, to-from)
	for n := from; n < to; n++ {
		visits = append(visits, queue.Visit{Visitor: l.places[n], Line: releaseLine, Order: queue.Base + n})
	}
	answers, err := l.store.Apply(ctx, millionID, queue.Claim, visits)
	for i, a := range answers {
		if a.State != queue.Active && a.State != queue.AtDoor {
			return fmt.Errorf("the claim of number %d was answered with state %d", from+int64(i), a.State)
		}
	}
	return err
}

// accuracy holds every window against the rate: how many there were, and the
// least and the most that came in, as a share of what the rate allows. The
// opening stands apart: a room opens with its bucket full, a second's worth.
func accuracy(seen []admitted, perMinute int64) (windows int, opening, lowest, highest float64) {
	end := 0
	for i, start := range seen {
		for end < len(seen) && seen[end].at-start.at < window.Milliseconds() {
			end++
		}
		if end == len(seen) {
			break
		}
		due := float64(perMinute) * float64(seen[end].at-start.at) / float64(window.Milliseconds())
		share := float64(seen[end].count-start.count) / due
		switch windows++; {
		case i == 0:
			opening = share
		case start.at-seen[0].at < burst.Milliseconds():
			opening = max(opening, share)
		case lowest == 0:
			lowest, highest = share, share
		default:
			lowest, highest = min(lowest, share), max(highest, share)
		}
	}
	return windows, opening, lowest, highest
}
