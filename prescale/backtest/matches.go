package backtest

import "time"

// Match is one kick-off; at the end of the group stage two matches share one.
type Match struct {
	Name    string
	KickOff time.Time
}

// Kick-offs were at 14:30, 16:00, 16:30, 17:30 and 21:00 in France, two hours
// ahead of UTC. Up to 22 June they are from The Associated Press, "1998 World
// Cup Schedule" (all times EDT), washingtonpost.com/wp-srv/sports/soccer/longterm/aj/sked.htm.
// Later ones are from the daily reports under
// travelnotes.org/worldcup/world_cup_finals/france1998/matches where they name
// the hour (24 June, 3, 7 and 12 July, the evening of 27 June); the others follow
// the same hours of the day. A test finds every one of them in the counts.
const (
	early     = 12*time.Hour + 30*time.Minute // UTC, as all below
	together  = 14 * time.Hour
	knockOut  = 14*time.Hour + 30*time.Minute
	afternoon = 15*time.Hour + 30*time.Minute
	evening   = 19 * time.Hour
)

func day(month time.Month, day int) time.Time {
	return time.Date(1998, month, day, 0, 0, 0, 0, time.UTC)
}

// GroupStage is 10 to 26 June, in order.
func GroupStage() []Match {
	var matches []Match
	for date := 10; date <= 26; date++ {
		hours := []time.Duration{afternoon, evening}
		switch {
		case date >= 12 && date <= 15, date == 20, date == 21:
			hours = []time.Duration{early, afternoon, evening}
		case date >= 23:
			hours = []time.Duration{together, evening}
		}
		for _, hour := range hours {
			kickOff := day(time.June, date).Add(hour)
			matches = append(matches, Match{"group " + kickOff.Format("2 Jan 15:04"), kickOff})
		}
	}
	return matches
}

// KnockOuts is 27 June to 12 July, in order.
func KnockOuts() []Match {
	const june, july = time.June, time.July
	return []Match{
		{"Italy – Norway", day(june, 27).Add(knockOut)},
		{"Brazil – Chile", day(june, 27).Add(evening)},
		{"France – Paraguay", day(june, 28).Add(knockOut)},
		{"Nigeria – Denmark", day(june, 28).Add(evening)},
		{"Germany – Mexico", day(june, 29).Add(knockOut)},
		{"Netherlands – Yugoslavia", day(june, 29).Add(evening)},
		{"Romania – Croatia", day(june, 30).Add(knockOut)},
		{"Argentina – England", day(june, 30).Add(evening)},
		{"Italy – France", day(july, 3).Add(knockOut)},
		{"Brazil – Denmark", day(july, 3).Add(evening)},
		{"Netherlands – Argentina", day(july, 4).Add(knockOut)},
		{"Germany – Croatia", day(july, 4).Add(evening)},
		{"Brazil – Netherlands", day(july, 7).Add(evening)},
		{"France – Croatia", day(july, 8).Add(evening)},
		{"Netherlands – Croatia", day(july, 11).Add(evening)},
		{"Brazil – France", day(july, 12).Add(evening)},
	}
}

// kind says which matches are alike: on working days people followed them at
// their desks, and the first match of a day starts from a quiet site.
type kind struct{ weekend, first bool }

func kindOf(m Match, all []Match) kind {
	weekday := m.KickOff.Weekday()
	k := kind{weekend: weekday == time.Saturday || weekday == time.Sunday, first: true}
	for _, other := range all {
		if other.KickOff.Before(m.KickOff) && other.KickOff.YearDay() == m.KickOff.YearDay() {
			k.first = false
		}
	}
	return k
}

// fewest like events are enough to learn from; with fewer, less alike ones do.
const fewest = 3

// like is those of the known matches that are alike, in order.
func like(m Match, known, all []Match) []Match {
	want := kindOf(m, all)
	for _, alike := range []func(kind) bool{
		func(k kind) bool { return k == want },
		func(k kind) bool { return k.weekend == want.weekend },
	} {
		var found []Match
		for _, one := range known {
			if alike(kindOf(one, all)) {
				found = append(found, one)
			}
		}
		if len(found) >= fewest {
			return found
		}
	}
	return known
}
