package pricing

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"github.com/shopspring/decimal"
)

// Engine prices by one version of rules. It never changes, and any number of
// goroutines may use it.
type Engine struct {
	rules    Rules
	currency Currency
	names    []string // of the tiers, in the order of the rules
	tiers    []tier
}

// tier is one tier's rules, ready to be followed: amounts in minor units.
type tier struct {
	Tier
	currency          Currency
	longest           time.Duration // that may have passed between two looks, as far as smoothing goes
	base, floor, high int64
	farthest          int64 // the largest step; 0: any
	grid              grid
	programs          []cel.Program
}

// Compile makes an engine. The error joins one event.FieldError for everything
// that is wrong; rules that Parse returned have no errors.
func Compile(r Rules) (*Engine, error) {
	if problems := r.problems(); len(problems) > 0 {
		return nil, checks(problems).err()
	}
	money, _ := ParseCurrency(r.Currency)
	e := &Engine{rules: r, currency: money}
	for _, t := range r.Tiers {
		compiled := tier{Tier: t, currency: money, longest: 2 * time.Duration(r.Period), high: t.cap(money), grid: t.grid(money)}
		compiled.base, _ = money.Minor(t.Base)
		compiled.floor, _ = money.Minor(t.Floor)
		compiled.farthest, _ = money.Minor(t.Pace.MaxStep)
		if err := compiled.compile(); err != nil {
			return nil, err
		}
		e.tiers = append(e.tiers, compiled)
		e.names = append(e.names, t.Name)
	}
	return e, nil
}

func (t *tier) compile() error {
	env, err := environment()
	if err != nil {
		return err
	}
	for _, condition := range t.Conditions {
		program, err := compile(env, condition.When)
		if err != nil {
			return fmt.Errorf("%s: %q: %w", t.Name, condition.When, err)
		}
		t.programs = append(t.programs, program)
	}
	return nil
}

// cap is the lower of both caps, in minor units, rounded down.
func (t Tier) cap(money Currency) int64 {
	lowest := t.Cap.Decimal
	if t.CapMultiplier.Given {
		lowest = decimal.Min(lowest, t.Base.Mul(t.CapMultiplier.Decimal))
	}
	return lowest.Shift(int32(money.Digits)).IntPart()
}

func (t Tier) grid(money Currency) grid {
	g := grid{step: 1}
	if t.Rounding.To.Given {
		g.step, _ = money.Minor(t.Rounding.To)
	}
	g.offset, _ = money.Minor(t.Rounding.Ending)
	return g
}

// Rules are what the engine follows.
func (e *Engine) Rules() Rules { return e.rules }

// Currency is that of all prices.
func (e *Engine) Currency() Currency { return e.currency }

// Quote is one tier's price, why it is that, and how it came about.
type Quote struct {
	Tier   string  `json:"tier"`
	Price  int64   `json:"price"`           // minor units
	Was    int64   `json:"was"`             // published before; equal: nothing changes
	First  bool    `json:"first,omitempty"` // nothing was published before
	Reason Reason  `json:"reason"`
	Words  string  `json:"words"` // for fans
	Stages []Stage `json:"stages"`
}

// Stage is one step of the pipeline. Result is what the stage handed on.
type Stage struct {
	Name   string `json:"name"`
	Result string `json:"result"`
	Note   string `json:"note,omitempty"`
}

// Changed says that the quote is not what is published.
func (q Quote) Changed() bool { return q.First || q.Price != q.Was }

// Price says what each tier costs from now on: rules, inputs, what was published
// last and the time decide, and nothing else. The state that is given is not
// changed. A tier that the rules no longer have is dropped from it.
func (e *Engine) Price(in Inputs, last State, now time.Time) ([]Quote, State) {
	next := State{Tiers: make(map[string]TierState, len(e.tiers)), Frozen: last.Frozen}
	quotes := make([]Quote, len(e.tiers))
	all := in.total(e.names)
	for i := range e.tiers {
		t := &e.tiers[i]
		was, published := last.Tiers[t.Name]
		run := run{tier: t, was: was, facts: in.lay(t.Name, all, now), stock: in.Tiers[t.Name], now: now}
		switch {
		case !published:
			run.open()
		case last.Frozen != nil:
			run.keep(Frozen, "stopped by "+last.Frozen.By)
		default:
			run.decide()
		}
		quotes[i], next.Tiers[t.Name] = run.finish(!published)
	}
	return quotes, next
}

// Adopt makes the state one of this engine's rules: prices stay as they are, and
// multipliers are those that lead to them from the rules' own base.
func (e *Engine) Adopt(s State) State {
	adopted := State{Tiers: make(map[string]TierState, len(e.tiers)), Frozen: s.Frozen}
	for i := range e.tiers {
		t := &e.tiers[i]
		if was, ok := s.Tiers[t.Name]; ok {
			was.Multiplier = t.multiple(was.Price)
			adopted.Tiers[t.Name] = was
		}
	}
	return adopted
}

// amount is base times multiplier, half units rounded up. Conditions together can
// ask for more than an int64 holds; a million times the base is beyond any cap.
func (t *tier) amount(multiplier decimal.Decimal) int64 {
	return decimal.New(t.base, 0).Mul(decimal.Min(multiplier, decimal.New(1, 6))).Round(0).IntPart()
}

// multiple is a price as a multiplier of the base.
func (t *tier) multiple(price int64) decimal.Decimal {
	return decimal.New(price, 0).DivRound(decimal.New(t.base, 0), places)
}
