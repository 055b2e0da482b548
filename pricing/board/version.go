package board

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/bilten/rushgate/pricing"
)

// maxVersions is how many versions are kept one by one: at a change every five
// minutes, those of the last 21 hours.
const maxVersions = 250

// version is what was published at one time.
type version struct {
	Number uint32            `json:"n"`
	At     time.Time         `json:"at"`
	Sheet  sheet             `json:"sheet"`
	Words  map[string]string `json:"words,omitempty"` // of the tiers that changed, for fans
}

// sheet is each tier's price, and the lower and upper end of its range.
type sheet map[string][3]int64

func newSheet(offers map[string]pricing.Offer) sheet {
	s := make(sheet, len(offers))
	for tier, o := range offers {
		s[tier] = [3]int64{o.Price, o.Range.Low, o.Range.High}
	}
	return s
}

func (s sheet) offer(tier string) (pricing.Offer, bool) {
	row, ok := s[tier]
	return pricing.Offer{Price: row[0], Range: pricing.Range{Low: row[1], High: row[2]}}, ok
}

// least is the lower of both in everything: whoever saw one of the two is safe
// with it.
func (s sheet) least(other sheet) sheet {
	both := maps.Clone(s)
	if both == nil {
		both = sheet{}
	}
	for tier, row := range other {
		if mine, ok := both[tier]; ok {
			row = [3]int64{min(mine[0], row[0]), min(mine[1], row[1]), min(mine[2], row[2])}
		}
		both[tier] = row
	}
	return both
}

// versions are those that were published, oldest first. The oldest are dropped
// one by one, and what remains of them is the least that any of them offered.
type versions struct {
	List    []version `json:"list,omitempty"`
	Dropped uint32    `json:"dropped,omitempty"` // up to this number
	Least   sheet     `json:"least,omitempty"`   // of the dropped
}

func (v versions) last() (version, bool) {
	if len(v.List) == 0 {
		return version{}, false
	}
	return v.List[len(v.List)-1], true
}

// next is a number that was never given.
func (v versions) next(now time.Time) uint32 {
	last, _ := v.last()
	return max(last.Number+1, v.Dropped+1, uint32(now.Unix()))
}

func (v versions) add(one version) versions {
	v.List = append(slices.Clone(v.List), one)
	return v.trimmed()
}

func (v versions) trimmed() versions {
	for len(v.List) > maxVersions {
		v.Dropped, v.Least = v.List[0].Number, v.Least.least(v.List[0].Sheet)
		v.List = v.List[1:]
	}
	return v
}

func byNumber(v version, number uint32) int { return cmp.Compare(v.Number, number) }

// shown is the sheet that somebody saw who has this number: the very one, or, for
// a number that has been dropped or lost, the least of all that it may have been.
// exact is false for one that this record has never seen.
func (v versions) shown(number uint32) (s sheet, exact bool) {
	if i, ok := slices.BinarySearchFunc(v.List, number, byNumber); ok {
		return v.List[i].Sheet, true
	}
	if number <= v.Dropped {
		return v.Least, true
	}
	s = v.Least
	for _, one := range v.List {
		s = s.least(one.Sheet)
	}
	return s, false
}

// first is what was published first of a tier, after the version of this number.
func (v versions) first(tier string, number uint32) sheet {
	for _, one := range v.List {
		if row, ok := one.Sheet[tier]; ok && one.Number > number {
			return sheet{tier: row}
		}
	}
	return nil
}

// since is the least of all that was in force at a time or after it: what the
// oldest known said, if that came later.
func (v versions) since(t time.Time) sheet {
	var least sheet
	for _, one := range slices.Backward(v.List) {
		least = least.least(one.Sheet)
		if !one.At.After(t) {
			break
		}
	}
	return least
}

// lacks says that other knows a version which v has neither kept nor dropped.
func (v versions) lacks(other versions) bool {
	for _, one := range other.List {
		if _, ok := slices.BinarySearchFunc(v.List, one.Number, byNumber); !ok && one.Number > v.Dropped {
			return true
		}
	}
	return false
}

// merged has all versions of both; of two with one number the least, as either
// may have been shown.
func (v versions) merged(other versions) versions {
	all := map[uint32]version{}
	for _, one := range slices.Concat(v.List, other.List) {
		if twin, ok := all[one.Number]; ok {
			one.Sheet = one.Sheet.least(twin.Sheet)
		}
		all[one.Number] = one
	}
	dropped := max(v.Dropped, other.Dropped)
	union := versions{Dropped: dropped, Least: v.Least.least(other.Least)}
	for _, number := range slices.Sorted(maps.Keys(all)) {
		if number <= dropped {
			union.Least = union.Least.least(all[number].Sheet)
			continue
		}
		union.List = append(union.List, all[number])
	}
	return union.trimmed()
}
