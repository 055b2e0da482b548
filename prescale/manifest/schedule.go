package manifest

import (
	"strconv"
	"time"

	"github.com/bilten/rushgate/prescale"
)

// scalingSchedule is zalando.org/v1 ScalingSchedule: a metric whose value
// follows the clock.
type scalingSchedule struct {
	APIVersion string       `yaml:"apiVersion"`
	Kind       string       `yaml:"kind"`
	Metadata   meta         `yaml:"metadata"`
	Spec       scheduleSpec `yaml:"spec"`
}

type scheduleSpec struct {
	ScalingWindowDurationMinutes int     `yaml:"scalingWindowDurationMinutes"`
	Schedules                    []times `yaml:"schedules"`
}

type times struct {
	Type            string `yaml:"type"`
	Date            string `yaml:"date"`
	DurationMinutes int    `yaml:"durationMinutes"`
	Value           int    `yaml:"value"`
}

// perInstance is the schedule's value for one instance, and the average that
// the autoscaler holds against it; a number that no rounding touches.
const perInstance = 100

// schedule rises at once, not over a window: the plan's lead time has the steps
// already.
func schedule(p prescale.Plan, row prescale.ServicePlan) scalingSchedule {
	from := p.At(p.Schedule.ScaleUp).UTC().Truncate(time.Minute)
	until := roundUp(p.At(p.Schedule.Release), time.Minute)
	return scalingSchedule{
		APIVersion: "zalando.org/v1", Kind: "ScalingSchedule", Metadata: metaOf(row.Name),
		Spec: scheduleSpec{Schedules: []times{{
			Type: "OneTime", Date: stamp(from), DurationMinutes: int(until.Sub(from).Minutes()), Value: prescale.Ask(row.Instances) * perInstance,
		}}},
	}
}

// followSchedule is the metric through which an autoscaler follows the schedule.
func followSchedule(row prescale.ServicePlan) metric {
	return metric{Type: "Object", Object: &object{
		DescribedObject: reference{"zalando.org/v1", "ScalingSchedule", row.Name},
		Metric:          named{row.Name},
		Target:          target{Type: "AverageValue", AverageValue: strconv.Itoa(perInstance)},
	}}
}
