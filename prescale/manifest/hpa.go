package manifest

import (
	"time"

	"github.com/bilten/rushgate/prescale"
)

// autoscaler is autoscaling/v2 HorizontalPodAutoscaler.
type autoscaler struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   meta           `yaml:"metadata"`
	Spec       autoscalerSpec `yaml:"spec"`
}

type autoscalerSpec struct {
	ScaleTargetRef reference `yaml:"scaleTargetRef"`
	MinReplicas    int       `yaml:"minReplicas"`
	MaxReplicas    int       `yaml:"maxReplicas"`
	Metrics        []metric  `yaml:"metrics"`
	Behavior       behavior  `yaml:"behavior"`
}

// metric is one of two kinds; the other is left out.
type metric struct {
	Type     string    `yaml:"type"`
	Resource *resource `yaml:"resource,omitempty"`
	Object   *object   `yaml:"object,omitempty"`
}

type resource struct {
	Name   string `yaml:"name"`
	Target target `yaml:"target"`
}

type object struct {
	DescribedObject reference `yaml:"describedObject"`
	Metric          named     `yaml:"metric"`
	Target          target    `yaml:"target"`
}

type named struct {
	Name string `yaml:"name"`
}

type target struct {
	Type               string `yaml:"type"`
	AverageUtilization int    `yaml:"averageUtilization,omitempty"`
	AverageValue       string `yaml:"averageValue,omitempty"`
}

type behavior struct {
	ScaleUp   rules `yaml:"scaleUp"`
	ScaleDown rules `yaml:"scaleDown"`
}

type rules struct {
	StabilizationWindowSeconds int      `yaml:"stabilizationWindowSeconds"`
	Policies                   []policy `yaml:"policies"`
}

type policy struct {
	Type          string `yaml:"type"`
	Value         int    `yaml:"value"`
	PeriodSeconds int    `yaml:"periodSeconds"`
}

func hpa(row prescale.ServicePlan, floor int, metrics []metric) autoscaler {
	return autoscaler{
		APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler", Metadata: metaOf(row.Name),
		Spec: autoscalerSpec{
			ScaleTargetRef: deployment(row), MinReplicas: floor, MaxReplicas: row.Max,
			Metrics: metrics, Behavior: steps(),
		},
	}
}

// usage is the project's targets for processor and memory, lowered so that an
// autoscaler has acted by the time they are reached.
func usage() []metric {
	of := func(name string, percent int) metric {
		return metric{Type: "Resource", Resource: &resource{name, target{Type: "Utilization", AverageUtilization: prescale.ActsAt(percent)}}}
	}
	return []metric{of("cpu", prescale.CPUTarget), of("memory", prescale.MemoryTarget)}
}

// steps is the pace that a plan reckons with.
func steps() behavior {
	return behavior{
		ScaleUp:   pace(prescale.UpSettle, prescale.UpPercent, prescale.UpPeriod),
		ScaleDown: pace(prescale.DownSettle, prescale.DownPercent, prescale.DownPeriod),
	}
}

func pace(settle time.Duration, percent int, period time.Duration) rules {
	return rules{
		StabilizationWindowSeconds: int(settle.Seconds()),
		Policies:                   []policy{{Type: "Percent", Value: percent, PeriodSeconds: int(period.Seconds())}},
	}
}
