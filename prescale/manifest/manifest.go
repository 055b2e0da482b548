// Package manifest writes a plan as what a Kubernetes cluster can be given: a
// HorizontalPodAutoscaler, a KEDA ScaledObject, or a ScalingSchedule of Zalando's
// kube-metrics-adapter with the autoscaler that follows it.
//
// It has small types of its own, with the fields that it sets and no others;
// tests decode what it writes into the real types, strictly.
package manifest

import (
	"bytes"
	"fmt"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/bilten/rushgate/prescale"
)

// Kind is what is written.
type Kind string

const (
	HPA             Kind = "hpa"
	KEDA            Kind = "keda"
	ScalingSchedule Kind = "scalingschedule"
)

// Write is the manifests of every service of a plan, as one YAML stream. The
// workload of a service is taken to be a Deployment with the service's name.
//
// An HPA's floor is raised for as long as it is applied. The other two carry
// the times of the plan, so they need to know the start.
func Write(p prescale.Plan, kind Kind) ([]byte, error) {
	if kind != HPA && p.Start.IsZero() {
		return nil, fmt.Errorf("%s: needs room.event_start_time: it says when to scale", kind)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# For %s, from a plan of `rushgate plan`.\n", p.Event)
	for _, line := range notes(p, kind) {
		fmt.Fprintf(&out, "# %s\n", line)
	}
	for _, row := range p.Services {
		var documents []any
		switch kind {
		case HPA:
			documents = []any{hpa(row, row.Instances, usage())}
		case KEDA:
			documents = []any{scaledObject(p, row)}
		case ScalingSchedule:
			documents = []any{schedule(p, row), hpa(row, row.Min, append(usage(), followSchedule(row)))}
		default:
			return nil, fmt.Errorf("%q: want hpa, keda or scalingschedule", kind)
		}
		for _, document := range documents {
			text, err := yaml.Marshal(document)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", kind, row.Name, err)
			}
			out.WriteString("---\n")
			out.Write(text)
		}
	}
	return out.Bytes(), nil
}

func notes(p prescale.Plan, kind Kind) []string {
	lines := []string{
		fmt.Sprintf("An autoscaler does nothing within %d %% of its target, so targets are lowered by as much.", prescale.TolerancePercent),
	}
	if !p.Start.IsZero() {
		lines = append(lines, fmt.Sprintf("Scale up at %s; give back from %s on.", stamp(p.At(p.Schedule.ScaleUp)), stamp(p.At(p.Schedule.Release))))
	}
	switch kind {
	case HPA:
		lines = append(lines, "minReplicas is the plan's for as long as this is applied: put the old one back afterwards.")
	case KEDA:
		lines = append(lines, "A cron trigger comes again next year: delete this after the sale.")
	}
	return lines
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

type meta struct {
	Name        string            `yaml:"name"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

func metaOf(name string) meta {
	return meta{Name: name, Labels: map[string]string{"app.kubernetes.io/managed-by": "rushgate"}}
}

// reference names a workload or another object.
type reference struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Name       string `yaml:"name"`
}

func deployment(row prescale.ServicePlan) reference {
	return reference{"apps/v1", "Deployment", row.Name}
}
