package rehearsal

import (
	"time"

	"github.com/bilten/rushgate/loadtest"
)

// Plan is who comes to which room, and what the room promises. [Defaults] holds
// what a file leaves out.
type Plan struct {
	Target    Target    `yaml:"target"`
	Visitors  int       `yaml:"visitors"`
	Seed      uint64    `yaml:"seed"`
	Arrivals  Arrivals  `yaml:"arrivals"`
	Behaviour Behaviour `yaml:"behaviour"`
	Room      Room      `yaml:"room"`
	Sender    Sender    `yaml:"sender"`
}

// Target is what the crowd comes to.
type Target struct {
	Gateways []string `yaml:"gateways"` // URLs; every request takes any of them
	Host     string   `yaml:"host"`     // in the address bar; empty: of the first gateway
	Event    string   `yaml:"event"`
	Path     string   `yaml:"path"`
	Complete string   `yaml:"complete"` // path by which the shop completes a session; empty: visitors leave instead
}

// Behaviour says which share of the visitors does what. The first four exclude
// each other; the next three come on top of them.
type Behaviour struct {
	Leave   float64 `yaml:"leave"`   // give the place up while waiting
	NoShow  float64 `yaml:"no_show"` // take a place and are never seen again
	Late    float64 `yaml:"late"`    // let the turn lapse, then come back
	Wanders float64 `yaml:"wanders"` // shop and never complete: the slot is held until the session ends

	SecondTab   float64 `yaml:"second_tab"`   // open the page and join again while waiting
	DoubleClick float64 `yaml:"double_click"` // send two joins at once
	Retry       float64 `yaml:"retry"`        // lose the answer to a join or claim, and ask again

	Think time.Duration `yaml:"think"` // mean time on each of one to three pages of the shop
	Pace  float64       `yaml:"pace"`  // waits between polls, as a share of what they were told
}

// Room is what the event promises, by the names of its knobs. Zero: not told, so
// not judged.
type Room struct {
	NewUsersPerMinute int64         `yaml:"new_users_per_minute"`
	TotalActiveUsers  int64         `yaml:"total_active_users"`
	TurnTTL           time.Duration `yaml:"turn_ttl"`
}

// Sender is the machine that plays the crowd.
type Sender struct {
	Connections int           `yaml:"connections"` // to each gateway
	Sources     int           `yaml:"sources"`     // addresses to come from, 127.0.0.1 and up
	TimeLimit   time.Duration `yaml:"time_limit"`  // then everybody goes home
	Lateness    time.Duration `yaml:"lateness"`    // p99 of its own that still counts
}

// Defaults is the plan that a file is laid upon.
func Defaults() Plan {
	usual := loadtest.Usual()
	return Plan{
		Visitors: 1000, Seed: 1,
		Arrivals: Arrivals{Shape: "spike", Over: time.Minute, First: 0.3, Spikes: 5, Width: 5 * time.Second, People: 1, Speed: 1},
		Behaviour: Behaviour{
			Leave: usual.Leave, NoShow: usual.NoShow, Late: usual.Late, Wanders: usual.Wanders,
			SecondTab: usual.SecondTab, DoubleClick: usual.DoubleClick, Retry: usual.LostReply,
			Think: 2 * time.Second, Pace: 1,
		},
		Room:   Room{TurnTTL: 3 * time.Minute},
		Sender: Sender{Connections: 256, Sources: 1, TimeLimit: 10 * time.Minute, Lateness: loadtest.Strict.Lateness},
	}
}

func (p Plan) mix() loadtest.Mix {
	b := p.Behaviour
	return loadtest.Mix{
		Leave: b.Leave, NoShow: b.NoShow, Late: b.Late, Wanders: b.Wanders,
		SecondTab: b.SecondTab, DoubleClick: b.DoubleClick, LostReply: b.Retry,
	}
}

// crowd and target are the plan in the crowd's words. The plan is valid.
func (p Plan) crowd() loadtest.Crowd {
	shape, visitors := p.Arrivals.shape(p.Visitors, p.Seed)
	return loadtest.Crowd{
		Visitors: visitors, Shape: shape, Mix: p.mix(), Seed: p.Seed, Pace: p.Behaviour.Pace, Think: p.Behaviour.Think,
		TurnTTL: p.Room.TurnTTL, Connections: p.Sender.Connections, Sources: p.Sender.Sources,
	}
}

func (p Plan) target(vouched []string) loadtest.Target {
	t := loadtest.Target{
		Gateways: p.Target.Gateways, Host: p.Target.Host, Path: p.Target.Path, Event: p.Target.Event,
		Complete: p.Target.Complete, Vouched: vouched, Outside: true,
	}
	if t.Host == "" {
		t.Host, _ = loadtest.HostOf(p.Target.Gateways[0])
	}
	return t
}
