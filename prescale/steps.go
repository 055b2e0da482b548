package prescale

import "time"

// How an autoscaler moves: the project's HorizontalPodAutoscaler (deploy/k8s)
// behaves so, and a plan reckons with it.
const (
	UpPercent   = 100 // of the instances, each UpPeriod
	UpPeriod    = 15 * time.Second
	UpSettle    = 60 * time.Second // stabilization: how long it waits before it goes up
	DownPercent = 10
	DownPeriod  = 60 * time.Second
	DownSettle  = 300 * time.Second

	// TolerancePercent is how far an autoscaler lets its metric be off the target
	// before it does anything (Kubernetes' default, 0.1).
	TolerancePercent = 10

	CPUTarget    = 70 // percent
	MemoryTarget = 80 // percent
)

// What a service is where the operator has not said otherwise, and its bounds.
const (
	DefaultPer   = 1000 // sessions that an instance carries
	DefaultMin   = 3
	DefaultMax   = 50
	DefaultBoot  = 60 * time.Second
	MaxInstances = 10_000
	MaxPer       = 1_000_000
	longestBoot  = time.Hour
	longestAhead = 7 * 24 * time.Hour
	longestHold  = 7 * 24 * time.Hour
)

// Step is how many instances there are from After on, counted from the moment
// at which scaling begins.
type Step struct {
	After     Span `json:"after_s"`
	Instances int  `json:"instances"`
}

// up goes from one number to a higher one, in the steps that Kubernetes takes:
// each period may end with ceil(n x (1 + percent)).
func up(from, to int) []Step {
	var steps []Step
	for at, n := UpSettle, from; n < to; at += UpPeriod {
		n = min(to, (n*(100+UpPercent)+99)/100)
		steps = append(steps, Step{Span(at), n})
	}
	return steps
}

// down goes to a lower number; each period may end with floor(n x (1 - percent)).
func down(from, to int) []Step {
	var steps []Step
	for at, n := DownSettle, from; n > to; at += DownPeriod {
		n = max(to, n*(100-DownPercent)/100)
		steps = append(steps, Step{Span(at), n})
	}
	return steps
}

// last is when the last step is taken.
func last(steps []Step) time.Duration {
	if len(steps) == 0 {
		return 0
	}
	return time.Duration(steps[len(steps)-1].After)
}

// spent is the instance-seconds from the beginning of steps until the end.
func spent(from int, steps []Step, until time.Duration) int64 {
	var (
		sum int64
		at  time.Duration
	)
	n := from
	for _, s := range steps {
		after := time.Duration(s.After)
		sum += int64(n) * int64((after-at)/time.Second)
		at, n = after, s.Instances
	}
	return sum + int64(n)*int64((until-at)/time.Second)
}

// ActsAt is the target to give an autoscaler so that it has acted by the time
// the true target is reached.
func ActsAt(target int) int { return target * 100 / (100 + TolerancePercent) }

// Ask is how many instances to ask for through an autoscaler's metric so that at
// least n come. Asked for 13, one that has got to 12 stays there: 13 / 12 is
// within the tolerance.
func Ask(n int) int { return (n-1)*(100+TolerancePercent)/100 + 1 }
