package manifest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/bilten/rushgate/prescale"
)

// scaled is keda.sh/v1alpha1 ScaledObject.
type scaled struct {
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Metadata   meta       `yaml:"metadata"`
	Spec       scaledSpec `yaml:"spec"`
}

type scaledSpec struct {
	ScaleTargetRef  reference `yaml:"scaleTargetRef"`
	MinReplicaCount int       `yaml:"minReplicaCount"`
	MaxReplicaCount int       `yaml:"maxReplicaCount"`
	Advanced        advanced  `yaml:"advanced"`
	Triggers        []trigger `yaml:"triggers"`
}

type advanced struct {
	HorizontalPodAutoscalerConfig struct {
		Behavior behavior `yaml:"behavior"`
	} `yaml:"horizontalPodAutoscalerConfig"`
}

type trigger struct {
	Type       string            `yaml:"type"`
	MetricType string            `yaml:"metricType,omitempty"`
	Metadata   map[string]string `yaml:"metadata"`
}

func scaledObject(p prescale.Plan, row prescale.ServicePlan) scaled {
	use := func(kind string, percent int) trigger {
		return trigger{Type: kind, MetricType: "Utilization", Metadata: map[string]string{"value": strconv.Itoa(prescale.ActsAt(percent))}}
	}
	s := scaled{APIVersion: "keda.sh/v1alpha1", Kind: "ScaledObject", Metadata: metaOf(row.Name)}
	s.Spec = scaledSpec{
		ScaleTargetRef: deployment(row), MinReplicaCount: row.Min, MaxReplicaCount: row.Max,
		Triggers: []trigger{
			{Type: "cron", Metadata: map[string]string{
				"timezone": "UTC", "start": cron(p.At(p.Schedule.ScaleUp), time.Time.Truncate), "end": cron(p.At(p.Schedule.Release), roundUp),
				"desiredReplicas": strconv.Itoa(prescale.Ask(row.Instances)),
			}},
			use("cpu", prescale.CPUTarget), use("memory", prescale.MemoryTarget),
		},
	}
	s.Spec.Advanced.HorizontalPodAutoscalerConfig.Behavior = steps()
	return s
}

// cron writes a minute of a day of a year that is not written: cron has none.
func cron(at time.Time, round func(time.Time, time.Duration) time.Time) string {
	at = round(at.UTC(), time.Minute)
	return fmt.Sprintf("%d %d %d %d *", at.Minute(), at.Hour(), at.Day(), at.Month())
}

func roundUp(at time.Time, to time.Duration) time.Time { return at.Add(to - 1).Truncate(to) }
