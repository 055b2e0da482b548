package k8s

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/prescale/rush"
)

func TestAnOrderNeverLowersWhatSomebodyHasSet(t *testing.T) {
	t.Parallel()
	ours := func(set, previous int32, version int64) note {
		return note{Ours: true, Set: set, Previous: previous, Version: version}
	}
	for _, row := range []struct {
		says     string
		found    found
		order    rush.Order
		changes  bool
		value    int32
		previous int32
	}{
		{"three become thirteen", found{current: 3}, rush.Order{Instances: 13, Version: 7}, true, 13, 3},
		{"twenty were there already", found{current: 20}, rush.Order{Instances: 13, Version: 7}, true, 20, 20},
		{"the same order again", found{current: 13, note: ours(13, 3, 7)}, rush.Order{Instances: 13, Version: 7}, false, 0, 0},
		{"a newer one for more", found{current: 13, note: ours(13, 3, 7)}, rush.Order{Instances: 21, Version: 8}, true, 21, 3},
		{"a newer one for less", found{current: 21, note: ours(21, 3, 8)}, rush.Order{Instances: 8, Version: 9}, true, 8, 3},
		{"less than there was before us", found{current: 21, note: ours(21, 10, 8)}, rush.Order{Instances: 8, Version: 9}, true, 10, 10},
		{"a late one", found{current: 21, note: ours(21, 3, 8)}, rush.Order{Instances: 13, Version: 7}, false, 0, 0},
		{"somebody raised it, a newer order asks for less", found{current: 30, note: ours(21, 3, 8)}, rush.Order{Instances: 8, Version: 9}, true, 30, 30},
		{"somebody lowered it, the same order again", found{current: 5, note: ours(21, 3, 8)}, rush.Order{Instances: 21, Version: 8}, false, 0, 0},
		{"somebody lowered it, a newer order", found{current: 5, note: ours(21, 3, 8)}, rush.Order{Instances: 13, Version: 9}, true, 13, 5},
		{"more than the autoscaler may have", found{current: 3, most: 10}, rush.Order{Instances: 13, Version: 7}, true, 10, 3},
		{"the note came, the value did not", found{current: 3, note: note{Ours: true, Set: 13, Previous: 3, Version: 7, Pending: true, From: 3}}, rush.Order{Instances: 13, Version: 7}, true, 13, 3},
		{"the note of a higher value came, the value did not", found{current: 13, note: note{Ours: true, Set: 21, Previous: 3, Version: 8, Pending: true, From: 13}}, rush.Order{Instances: 21, Version: 8}, true, 21, 3},
		{"the note of a lower value came, the value did not", found{current: 21, note: note{Ours: true, Set: 8, Previous: 3, Version: 9, Pending: true, From: 21}}, rush.Order{Instances: 8, Version: 9}, true, 8, 3},
		{"the note came, and somebody before the value", found{current: 5, note: note{Ours: true, Set: 13, Previous: 3, Version: 7, Pending: true, From: 3}}, rush.Order{Instances: 13, Version: 7}, true, 13, 5},
	} {
		got, changes := settle(row.found, row.order)
		if changes != row.changes || changes && (got.value != row.value || got.note.Previous != row.previous || got.note.Set != row.value) {
			t.Errorf("%s: settle = %+v, %t; want %d over %d, %t", row.says, got, changes, row.value, row.previous, row.changes)
		}
	}
}

func TestOnlyOurOwnValueIsGivenBack(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says    string
		found   found
		version int64
		changes bool
		value   int32
	}{
		{"ours", found{current: 13, note: note{Ours: true, Set: 13, Previous: 3, Version: 7}}, 8, true, 3},
		{"somebody's since", found{current: 20, note: note{Ours: true, Set: 13, Previous: 3, Version: 7}}, 8, true, 20},
		{"ours, and a newer value never came", found{current: 13, note: note{Ours: true, Set: 21, Previous: 3, Version: 7, Pending: true, From: 13}}, 8, true, 3},
		{"it was to be given back, and was not", found{current: 13, note: note{Ours: true, Set: 3, Previous: 3, Version: 8, Pending: true, From: 13}}, 8, true, 3},
		{"nobody ever ordered", found{current: 3}, 8, true, 3},
		{"given back already", found{current: 3, note: note{Version: 8}}, 8, false, 0},
		{"a late one", found{current: 13, note: note{Ours: true, Set: 13, Previous: 3, Version: 9}}, 8, false, 0},
	} {
		got, changes := giveBack(row.found, row.version)
		if changes != row.changes || changes && (got.value != row.value || got.note != note{Version: row.version}) {
			t.Errorf("%s: giveBack = %+v, %t; want %d, %t", row.says, got, changes, row.value, row.changes)
		}
	}
}

// Whatever orders come in whatever order, and whatever somebody sets between
// them, a value that they set is never lowered, and once all is given back the
// value is theirs, or what was there first.
func TestByAnyDiceSomebodysValueStands(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := found{current: rapid.Int32Range(1, 20).Draw(t, "first")}
		floor, newest := f.current, int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "moves") {
			switch rapid.IntRange(0, 3).Draw(t, "move") {
			case 0:
				set := rapid.Int32Range(1, 50).Draw(t, "set by hand")
				if f.note.Ours && set == f.note.Set {
					break // who sets what we set leaves nothing by which to tell
				}
				f.current, floor = set, set
			case 1:
				version := rapid.Int64Range(1, 20).Draw(t, "release")
				if c, changes := giveBack(f, version); changes {
					f.current, f.note = c.value, c.note
				}
				newest = max(newest, version)
			default:
				o := rush.Order{Instances: rapid.IntRange(0, 60).Draw(t, "instances"), Version: rapid.Int64Range(1, 20).Draw(t, "version"), Until: time.Unix(0, 0)}
				if c, changes := settle(f, o); changes {
					f.current, f.note = c.value, c.note
				}
				newest = max(newest, o.Version)
			}
			if f.current < floor {
				t.Fatalf("%d is below the %d that somebody set", f.current, floor)
			}
		}
		if c, changes := giveBack(f, newest+1); changes {
			f.current = c.value
		}
		if f.current != floor {
			t.Fatalf("in the end there are %d; want the %d of before, or of whoever set it last", f.current, floor)
		}
	})
}
