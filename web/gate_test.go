package web

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

func TestDecide(t *testing.T) {
	tests := []struct {
		sentence string
		q        question
		step     step
		why      reason
	}{
		// Who is admitted meets nothing else.
		{"an admission opens the gate", question{admission: live, newcomer: event.Queue}, letThrough, becauseAdmitted},
		{"also while the line is closed", question{admission: live, newcomer: event.Closed}, letThrough, becauseAdmitted},
		{"also while the store is away", question{admission: fading, hold: true}, letThrough, becauseAdmitted},
		{"a session that needs it is extended first", question{admission: fading}, touch, becauseAdmitted},
		{"an admission that ended lately finishes what it began", question{admission: over, commit: true}, letThrough, becauseCommit},
		{"but opens nothing else", question{admission: over, newcomer: event.Queue}, wait, becauseNewcomer},
		{"an expired one is asked about", question{admission: spent, newcomer: event.Queue}, touch, becauseReturning},

		// The room is off.
		{"a room that is off lets everybody through", question{newcomer: event.Through}, giveOpen, becauseRoomOff},
		{"even while the store is away", question{newcomer: event.Through, hold: true}, giveOpen, becauseRoomOff},
		{"and gives one admission only", question{newcomer: event.Through, admission: open}, letThrough, becauseRoomOff},
		{"which counts once the room is on", question{newcomer: event.Enter, admission: open}, adopt, becauseAdopted},
		{"but not before the start, which its session would outlive", question{newcomer: event.Countdown, admission: open, early: true}, letThrough, becauseAdopted},
		{"and throws nobody out while the store is away", question{newcomer: event.Enter, admission: open, hold: true}, letThrough, becauseAdopted},

		// Newcomers.
		{"while nobody waits a newcomer goes straight in", question{newcomer: event.Enter, free: true}, enter, becauseDirect},
		{"while somebody waits nobody does", question{newcomer: event.Enter}, wait, becauseNewcomer},
		{"where everybody queues nobody does", question{newcomer: event.Queue, free: true}, wait, becauseNewcomer},
		{"before the start nobody does", question{newcomer: event.Countdown, free: true}, wait, becauseNewcomer},
		{"where newcomers are refused nobody does", question{newcomer: event.Rejected, free: true}, wait, becauseNewcomer},
		{"a store that is away lets nobody new in", question{newcomer: event.Enter, free: true, hold: true}, wait, becauseHold},
		{"a prefetch takes nothing", question{newcomer: event.Enter, free: true, prefetch: true}, wait, becausePrefetch},

		// The line.
		{"who has a place waits for the number", question{newcomer: event.Enter, place: true, free: true}, wait, becausePlace},
		{"whose number is reached claims", question{newcomer: event.Enter, place: true, reached: true}, claim, becauseTurn},
		{"also while newcomers are refused", question{newcomer: event.Rejected, place: true, reached: true}, claim, becauseTurn},
		{"but not while the store is away", question{newcomer: event.Enter, place: true, reached: true, hold: true}, wait, becauseHold},
		{"and not by a prefetch", question{newcomer: event.Enter, place: true, reached: true, prefetch: true}, wait, becausePrefetch},
	}
	for _, tt := range tests {
		if step, why := decide(tt.q); step != tt.step || why != tt.why {
			t.Errorf("%s: decide(%+v) = %v, %s; want %v, %s", tt.sentence, tt.q, step, why, tt.step, tt.why)
		}
	}
}

func TestJudge(t *testing.T) {
	const now, generation = 1_900_000_000_000, 7
	at := func(d time.Duration) int64 { return now + d.Milliseconds() }
	knobs := event.Room{
		SessionDuration: event.Duration(10 * time.Minute),
		CommitGrace:     event.Duration(15 * time.Minute),
	}
	onSale := knobs
	onSale.EventStartTime = event.Time{Time: time.UnixMilli(now)}
	still := knobs
	still.NoSessionRenewal = true
	tests := []struct {
		sentence string
		a        admission.Admission
		knobs    event.Room
		ended    bool
		commit   bool
		want     standing
	}{
		{"fresh", admission.Admission{Generation: generation, Ends: at(9 * time.Minute)}, knobs, false, false, live},
		{"less than half left", admission.Admission{Generation: generation, Ends: at(4 * time.Minute)}, knobs, false, false, fading},
		{"less than half left, where nothing is renewed", admission.Admission{Generation: generation, Ends: at(4 * time.Minute)}, still, false, false, live},
		{"on probation, even where nothing is renewed", admission.Admission{Generation: generation, Ends: at(9 * time.Minute), Probation: true}, still, false, false, fading},
		{"expired", admission.Admission{Generation: generation, Ends: at(-time.Minute)}, knobs, false, false, spent},
		{"expired, on a commit route", admission.Admission{Generation: generation, Ends: at(-time.Minute)}, knobs, false, true, over},
		{"expired too long ago for that", admission.Admission{Generation: generation, Ends: at(-16 * time.Minute)}, knobs, false, true, spent},
		{"completed", admission.Admission{Generation: generation, Ends: at(time.Minute)}, knobs, true, false, noAdmission},
		{"completed, on a commit route", admission.Admission{Generation: generation, Ends: at(time.Minute)}, knobs, true, true, over},
		{"given while the room was off", admission.Admission{Open: true, Ends: at(time.Minute)}, knobs, false, false, open},
		{"given before what has become the start since", admission.Admission{Open: true, IssuedAt: at(-time.Second), Ends: at(time.Minute)}, onSale, false, false, noAdmission},
		{"given since the start, to a room that was off", admission.Admission{Open: true, IssuedAt: at(0), Ends: at(time.Minute)}, onSale, false, false, open},
		{"given while the room was off, expired", admission.Admission{Open: true, Ends: at(-time.Second)}, knobs, false, true, noAdmission},
	}
	for _, tt := range tests {
		if got := judge(tt.a, tt.knobs, now, tt.ended, tt.commit, own); got != tt.want {
			t.Errorf("%s: judge = %v; want %v", tt.sentence, got, tt.want)
		}
	}
	late := admission.Admission{Generation: generation, Ends: at(9 * time.Minute)}
	for known, want := range map[familiarity]standing{own: live, lost: fading, foreign: live} {
		if got := judge(late, knobs, now, false, false, known); got != want {
			t.Errorf("a fresh admission of a life that the room knows as %d: judge = %v; want %v", known, got, want)
		}
	}
}
