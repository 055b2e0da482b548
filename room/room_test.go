package room

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bilten/rushgate/queue"
)

func person(n int) queue.Visitor {
	var v queue.Visitor
	binary.BigEndian.PutUint64(v[:], uint64(n))
	return v
}

// enter takes a session straight away.
func enter(t testing.TB, r *Room, who queue.Visitor) queue.Answer {
	t.Helper()
	a, err := r.Do(t.Context(), queue.Join, queue.Visit{Visitor: who})
	if err != nil || a.State != queue.Active {
		t.Fatalf("Do(join) = %+v, %v; want a session", a, err)
	}
	return a
}

func TestCompletedSessionEndsEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		here, there := seenRoom(t, run(t, b.keeper)), seenRoom(t, run(t, New(b.config)))
		ann, bob := enter(t, here, person(1)), enter(t, here, person(2))
		if _, err := here.Complete(t.Context(), person(1), queue.SessionID{Generation: ann.Generation, Number: ann.Session}); err != nil {
			t.Fatal(err)
		}
		if !here.EndedSession(queue.SessionID{Generation: ann.Generation, Number: ann.Session}) {
			t.Error("EndedSession(ann) = false where she completed; want true at once")
		}
		pass(t, 300*time.Millisecond)
		if !there.EndedSession(queue.SessionID{Generation: ann.Generation, Number: ann.Session}) {
			t.Error("EndedSession(ann) = false on another gateway after a tick; want true")
		}
		if there.EndedSession(queue.SessionID{Generation: bob.Generation, Number: bob.Session}) || there.EndedSession(queue.SessionID{Generation: ann.Generation + 1, Number: ann.Session}) {
			t.Error("EndedSession is true for a session that goes on, or of another generation")
		}
		pass(t, 75*time.Minute+time.Second) // session_max and commit_grace
		if here.EndedSession(queue.SessionID{Generation: ann.Generation, Number: ann.Session}) || len(here.ended.queue) != 0 {
			t.Error("an ending is kept after session_max and commit_grace; want it forgotten: no admission is that old")
		}
	})
}

func TestCompleteOfAnotherGenerationEndsNobodysSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		r := seenRoom(t, run(t, b.keeper))
		ann := enter(t, r, person(1))
		a, err := r.Complete(t.Context(), person(9), queue.SessionID{Generation: ann.Generation + 1, Number: ann.Session})
		if err != nil || a.Generation != ann.Generation || r.EndedSession(queue.SessionID{Generation: ann.Generation, Number: ann.Session}) {
			t.Errorf("Complete(session of another generation) = %+v, %v; want nothing done", a, err)
		}
	})
}

// An admission of a room that nobody remembers counts until its end, because it
// cannot be looked up: but not once the shop has said that it is done with.
func TestCompleteOfASessionThatNoStoreKnowsIsHeededHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := seenRoom(t, run(t, setup(t, record(t, 0, "").Event).keeper))
		foreign := queue.SessionID{Generation: 99 << 32, Number: 1}
		if _, err := r.Complete(t.Context(), person(1), foreign); err != nil || !r.EndedSession(foreign) {
			t.Errorf("Complete() = %v, EndedSession() = %v; want it ended", err, r.EndedSession(foreign))
		}
	})
}

func TestCompleteOnAGatewayThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		here, there := seenRoom(t, run(t, b.keeper)), seenRoom(t, run(t, New(b.config)))
		ann := enter(t, here, person(1))
		if err := b.store.Drop(t.Context(), "hamlet"); err != nil {
			t.Fatal(err)
		}
		again, err := here.Do(t.Context(), queue.Touch, queue.Visit{
			Visitor: person(1), Session: ann.Session, Generation: ann.Generation, Adopt: 60_000,
		})
		if err != nil || again.State != queue.Active || again.Session != ann.Session || again.Generation != ann.Generation {
			t.Fatalf("Do(touch) in the room's next life = %+v, %v; want the same session", again, err)
		}
		if there.View().Snapshot.Generation == here.View().Snapshot.Generation {
			t.Fatal("the other gateway has seen the new life already; want it behind")
		}
		if _, err := there.Complete(t.Context(), person(1), queue.SessionID{Generation: ann.Generation, Number: ann.Session}); err != nil {
			t.Fatal(err)
		}
		if !there.EndedSession(queue.SessionID{Generation: ann.Generation, Number: ann.Session}) {
			t.Error("EndedSession(ann) = false; want her session completed by a gateway that had to look first")
		}
	})
}

func TestGatewayThatStartsLateKnowsAllEndedSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, `{"room": {"total_active_users": 100000, "new_users_per_minute": 1000000}}`).Event)
		r := seenRoom(t, run(t, b.keeper))
		const sessions = 2*queue.EndedPage + 5
		for i := range sessions {
			a := enter(t, r, person(i))
			if _, err := r.Complete(t.Context(), person(i), queue.SessionID{Generation: a.Generation, Number: a.Session}); err != nil {
				t.Fatal(err)
			}
		}
		late := run(t, New(b.config))
		synctest.Wait() // no time has passed: one view, whole from the beginning
		known := 0
		for n := range int64(sessions) {
			if seenRoom(t, late).EndedSession(queue.SessionID{Generation: r.View().Snapshot.Generation, Number: n + 1}) {
				known++
			}
		}
		if known != sessions {
			t.Errorf("a new gateway's first view knows %d of %d ended sessions; want all", known, sessions)
		}
	})
}

// disk is what outlives a gateway.
type disk struct{ kept queue.Remembered }

// Recall is Memories'.
func (d *disk) Recall(string) queue.Remembered { return d.kept }

// Keep is Memories'.
func (d *disk) Keep(_ string, m queue.Remembered) { d.kept = m }

func TestAGatewayThatStartsAgainFromItsDiskKnowsWhatEndedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		kept := &disk{}
		b.config.Memories = kept
		first := seenRoom(t, run(t, New(b.config)))
		ann := enter(t, first, person(1))
		hers := queue.SessionID{Generation: ann.Generation, Number: ann.Session}
		if _, err := first.Complete(t.Context(), person(1), hers); err != nil {
			t.Fatal(err)
		}
		pass(t, time.Second)
		b.config.Memories = &disk{kept: kept.kept}
		if again := seenRoom(t, run(t, New(b.config))); !again.EndedSession(hers) {
			t.Error("EndedSession(ann) = false at a gateway that has started again; want her admission refused there, too")
		}
	})
}

// Between two ticks the gateway alone knows which session was given last. A store
// that falls back then must not give it to somebody else.
func TestASessionIsRememberedBeforeATickTellsOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		r := seenRoom(t, run(t, b.keeper))
		before := r.View().Snapshot
		ann := enter(t, r, person(1))
		r.Gave(Session{SessionID: queue.SessionID{Generation: ann.Generation, Number: ann.Session}, Visitor: person(1), Ends: ann.Ends})
		if m := r.memory.recall(0); m.Admitted != ann.Session {
			t.Errorf("the gateway remembers %d sessions; want %d", m.Admitted, ann.Session)
		}
		r.memory.after(before, queue.Remembered{}) // a tick that the store answered just before
		if m := r.memory.recall(0); m.Admitted != ann.Session {
			t.Errorf("after the answer to an earlier tick it remembers %d sessions; want %d", m.Admitted, ann.Session)
		}
		r.Gave(Session{SessionID: queue.SessionID{Generation: ann.Generation + 1, Number: 99}, Visitor: person(2)})
		if m := r.memory.recall(0); m.Admitted != ann.Session {
			t.Errorf("after a session of another life it remembers %d sessions; want %d", m.Admitted, ann.Session)
		}
	})
}

func TestRoomComesBackAfterTheStoreLostIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		r := seenRoom(t, run(t, b.keeper))
		ann := enter(t, r, person(1))
		if _, err := r.Complete(t.Context(), person(1), queue.SessionID{Generation: ann.Generation, Number: ann.Session}); err != nil {
			t.Fatal(err)
		}
		pass(t, time.Second) // the cursor is beyond ann
		if err := b.store.Drop(t.Context(), "hamlet"); err != nil {
			t.Fatal(err)
		}
		pass(t, 2*time.Second) // a room that was lost has spent its rate, as far as anybody knows
		bob := enter(t, r, person(2))
		if bob.Generation == ann.Generation || queue.Root(bob.Generation) != queue.Root(ann.Generation) || bob.Session != ann.Session+1 {
			t.Fatalf("bob's session is %d of generation %x; want the next number after %d, in another life of the same room", bob.Session, bob.Generation, ann.Session)
		}
		if r.EndedSession(queue.SessionID{Generation: bob.Generation, Number: bob.Session}) {
			t.Error("EndedSession(bob) = true; want ann's ending to be hers alone")
		}
		if !r.EndedSession(queue.SessionID{Generation: ann.Generation, Number: ann.Session}) {
			t.Error("EndedSession(ann) = false; want hers ended also after the store has lost it")
		}
		if _, err := b.store.Apply(t.Context(), "hamlet", queue.Complete, []queue.Visit{{Visitor: person(2), Session: bob.Session, Generation: bob.Generation}}); err != nil {
			t.Fatal(err)
		}
		pass(t, 300*time.Millisecond)
		if !r.EndedSession(queue.SessionID{Generation: bob.Generation, Number: bob.Session}) {
			t.Error("EndedSession(bob) = false; want the first ending of the new generation seen: a cursor does not outlive its room")
		}
	})
}

func TestDoLeavesWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		r := seenRoom(t, run(t, b.keeper))
		b.store.asleep.Store(true)
		if err := b.store.Drop(t.Context(), "hamlet"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := r.Do(ctx, queue.Join, queue.Visit{}); err == nil || time.Since(began) > 100*time.Millisecond {
			t.Errorf("Do = %v after %v; want the caller's deadline", err, time.Since(began))
		}
	})
}

// mute is a store that takes what visitors ask and never answers.
type mute struct{ queue.Store }

func (mute) Apply(ctx context.Context, _ string, _ queue.Op, _ []queue.Visit) ([]queue.Answer, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestNobodyWaitsLongForAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		b.config.Store = mute{b.store}
		r := seenRoom(t, run(t, New(b.config)))
		began := time.Now()
		var crowd sync.WaitGroup
		for i := range 20 * queue.MaxBatch {
			crowd.Go(func() {
				if _, err := r.Do(t.Context(), queue.Join, queue.Visit{Visitor: person(i)}); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Do = %v; want the deadline exceeded", err)
				}
			})
		}
		crowd.Wait()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the last of the crowd was told after %s; want within seconds", took)
		}
		time.Sleep(time.Minute) // the batcher gives up what nobody waits for
	})
}

func TestTicksAreFewAndNudgesAreBounded(t *testing.T) {
	tests := []struct {
		name  string
		patch string
		nudge bool
		want  int64 // in ten seconds
	}{
		{"an open room", "", false, 40},
		{"a room that is off and empty", `{"room": {"suspended": true}}`, false, 10},
		{"a room that somebody nudges all the time", "", true, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, record(t, 0, test.patch).Event)
				r := seenRoom(t, run(t, b.keeper))
				before := b.store.ticks.Load()
				for range 2000 {
					if test.nudge {
						r.Nudge()
					}
					pass(t, 5*time.Millisecond)
				}
				if n := b.store.ticks.Load() - before; n < test.want-1 || n > test.want+1 {
					t.Errorf("%d ticks in ten seconds; want %d", n, test.want)
				}
			})
		})
	}
}

func TestTheStartIsNotSleptThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now().Add(3 * time.Second).UTC().Format(time.RFC3339)
		b := setup(t, record(t, 0, `{"room": {"before_start": "passthrough", "event_start_time": "`+start+`"}}`).Event)
		r := seenRoom(t, run(t, b.keeper))
		pass(t, 3*time.Second+60*time.Millisecond)
		if r.View().Phase != "open" {
			t.Errorf("phase %s 60 ms after the start; want open", r.View().Phase)
		}
	})
}
