package queue_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bilten/rushgate/queue"
)

// sleepy is a store that can fall asleep: an Apply that finds the gate shut
// waits until it opens or its time is over.
type sleepy struct {
	queue.Store
	mu      sync.Mutex
	gate    chan struct{} // nil: open
	batches [][]queue.Visit
	flying  int
	most    int // calls at once
	fail    error
}

func (s *sleepy) sleep() { s.set(make(chan struct{})) }
func (s *sleepy) wake() {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	s.set(nil)
	close(gate)
}

func (s *sleepy) set(gate chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
}

func (s *sleepy) Apply(ctx context.Context, room string, op queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	s.mu.Lock()
	gate := s.gate
	s.batches = append(s.batches, slices.Clone(visits))
	s.flying++
	s.most = max(s.most, s.flying)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.flying--
		s.mu.Unlock()
	}()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.fail != nil {
		return nil, s.fail
	}
	return s.Store.Apply(ctx, room, op, visits)
}

func newSleepy(t testing.TB) *sleepy {
	t.Helper()
	store := queue.NewMemory(time.Now, func() uint64 { return 7 })
	policy := queue.Policy{
		Version: 1, Gates: queue.Gates{Calls: true, Claims: true}, Rate: queue.PerMinute(60), Cap: 10,
		Times: queue.Times{Turn: 60_000, Grace: 60_000, Session: 60_000, SessionMax: 60_000, Probation: 60_000},
		Lines: []queue.Line{{Name: "general", Weight: 1}},
	}
	if _, err := store.Tick(t.Context(), "e", policy, queue.Budget{}, queue.Remembered{}); err != nil {
		t.Fatal(err)
	}
	return &sleepy{Store: store}
}

func visit(n int) queue.Visit {
	v := queue.Visit{Line: "general"}
	binary.BigEndian.PutUint64(v.Visitor[:], uint64(n))
	return v
}

func TestBatcherGathersWhileACallIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSleepy(t)
		b := queue.NewBatcher(store, "e")
		store.sleep()
		const visitors = 600
		var group sync.WaitGroup
		numbers := make([]int64, visitors)
		for i := range visitors {
			group.Go(func() {
				a, err := b.Do(t.Context(), queue.Join, visit(i))
				if err != nil {
					t.Errorf("Do(join, visitor %d) = %v; want an answer", i, err)
				}
				numbers[i] = a.Number
			})
			synctest.Wait() // each is in the lane before the next comes
		}
		store.wake()
		group.Wait()

		var sizes []int
		for _, batch := range store.batches {
			sizes = append(sizes, len(batch))
		}
		if want := []int{1, 256, 256, 87}; !slices.Equal(sizes, want) {
			t.Errorf("batches = %v; want %v: the first alone, then whatever gathered", sizes, want)
		}
		for i, number := range numbers {
			if number != int64(i+1) {
				t.Fatalf("visitor %d has number %d; want %d: a gateway keeps arrival order", i, number, i+1)
			}
		}
	})
}

func TestBatcherAddsNoDelayWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := queue.NewBatcher(newSleepy(t), "e")
		began := time.Now()
		if _, err := b.Do(t.Context(), queue.Join, visit(1)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("Do on an idle lane took %v; want no time", took)
		}
	})
}

func TestBatcherLanesDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSleepy(t)
		b := queue.NewBatcher(store, "e")
		store.sleep()
		var group sync.WaitGroup
		for _, op := range []queue.Op{queue.Join, queue.Claim, queue.Touch, queue.Leave, queue.Complete} {
			for i := range 3 {
				group.Go(func() { _, _ = b.Do(t.Context(), op, visit(i)) })
			}
		}
		synctest.Wait()
		if store.most != 5 {
			t.Errorf("%d calls in flight; want 5: one for each operation", store.most)
		}
		store.wake()
		group.Wait()
	})
}

func TestBatcherLeavesASleepingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSleepy(t)
		b := queue.NewBatcher(store, "e")
		store.sleep()
		began := time.Now()
		_, err := b.Do(t.Context(), queue.Join, visit(1))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != queue.FlushTimeout {
			t.Errorf("Do(store asleep) = %v after %v; want a deadline after %v", err, time.Since(began), queue.FlushTimeout)
		}
		store.wake()
		if a, err := b.Do(t.Context(), queue.Join, visit(1)); err != nil || a.Number != 1 {
			t.Errorf("Do(store awake again) = %+v, %v; want number 1", a, err)
		}
	})
}

func TestBatcherCallerLeavesButTheVisitHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSleepy(t)
		b := queue.NewBatcher(store, "e")
		store.sleep()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := b.Do(ctx, queue.Join, visit(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do(impatient caller) = %v; want the caller's own deadline", err)
		}
		store.wake()
		synctest.Wait()
		a, err := b.Do(t.Context(), queue.Join, visit(1))
		if err != nil || a.Number != 1 {
			t.Errorf("Do(the same visitor again) = %+v, %v; want number 1, the place taken before", a, err)
		}
		if _, err := b.Do(ctx, queue.Join, visit(2)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do(caller who has left already) = %v; want the caller's error", err)
		}
		if n := len(store.batches); n != 2 {
			t.Errorf("%d batches; want 2: nothing is asked for a caller who has left already", n)
		}
	})
}

func TestBatcherIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSleepy(t)
		b := queue.NewBatcher(store, "e")
		store.sleep()
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for i := range queue.MaxPending + 1 { // one of them is in flight
			group.Go(func() { _, _ = b.Do(ctx, queue.Join, visit(i)) })
			if i == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		if _, err := b.Do(t.Context(), queue.Join, visit(-1)); !errors.Is(err, queue.ErrBusy) {
			t.Errorf("Do(full lane) = %v; want ErrBusy", err)
		}
		if _, err := b.Do(t.Context(), queue.Claim, visit(0)); errors.Is(err, queue.ErrBusy) {
			t.Errorf("Do(another lane) = %v; want no ErrBusy", err)
		}
		cancel()
		group.Wait()
		store.wake()
	})
}

func TestBatcherTellsEveryCallerOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSleepy(t)
		store.fail = errors.New("loading")
		b := queue.NewBatcher(store, "e")
		var group sync.WaitGroup
		for i := range 10 {
			group.Go(func() {
				if _, err := b.Do(t.Context(), queue.Join, visit(i)); !errors.Is(err, store.fail) {
					t.Errorf("Do(failing store) = %v; want %v", err, store.fail)
				}
			})
		}
		group.Wait()
	})
}

func ExampleBatcher() {
	store := queue.NewMemory(time.Now, func() uint64 { return 1 })
	b := queue.NewBatcher(store, "summer-tour")
	_, err := b.Do(context.Background(), queue.Join, queue.Visit{Line: "general"})
	fmt.Println(err)
	// Output: room unknown to the store, or damaged
}

// instant answers at once, so that what is measured is the batcher.
type instant struct{ queue.Store }

var blank [queue.MaxBatch]queue.Answer

func (instant) Apply(_ context.Context, _ string, _ queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	return blank[:len(visits)], nil
}

func BenchmarkBatcher(b *testing.B) {
	batcher := queue.NewBatcher(instant{}, "e")
	b.ReportAllocs()
	b.SetParallelism(100)
	b.RunParallel(func(pb *testing.PB) {
		v := visit(1)
		for pb.Next() {
			if _, err := batcher.Do(b.Context(), queue.Join, v); err != nil {
				b.Error(err)
			}
		}
	})
}
