package manifest

import (
	"strings"
	"testing"
	"time"

	autoscaling "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/bilten/rushgate/prescale"
)

// kedaObject is the spec of keda.sh/v1alpha1 ScaledObject, as far as KEDA 2
// documents it (keda.sh/docs, "ScaledObject specification").
type kedaObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef struct {
			APIVersion             string `json:"apiVersion"`
			Kind                   string `json:"kind"`
			Name                   string `json:"name"`
			EnvSourceContainerName string `json:"envSourceContainerName"`
		} `json:"scaleTargetRef"`
		PollingInterval       *int32 `json:"pollingInterval"`
		InitialCooldownPeriod *int32 `json:"initialCooldownPeriod"`
		CooldownPeriod        *int32 `json:"cooldownPeriod"`
		IdleReplicaCount      *int32 `json:"idleReplicaCount"`
		MinReplicaCount       *int32 `json:"minReplicaCount"`
		MaxReplicaCount       *int32 `json:"maxReplicaCount"`
		Advanced              struct {
			RestoreToOriginalReplicaCount bool `json:"restoreToOriginalReplicaCount"`
			HorizontalPodAutoscalerConfig struct {
				Name     string                                       `json:"name"`
				Behavior *autoscaling.HorizontalPodAutoscalerBehavior `json:"behavior"`
			} `json:"horizontalPodAutoscalerConfig"`
		} `json:"advanced"`
		Triggers []struct {
			Type       string                       `json:"type"`
			Name       string                       `json:"name"`
			MetricType autoscaling.MetricTargetType `json:"metricType"`
			Metadata   map[string]string            `json:"metadata"`
		} `json:"triggers"`
	} `json:"spec"`
}

// zalandoSchedule is zalando.org/v1 ScalingSchedule, as kube-metrics-adapter
// defines it (pkg/apis/zalando.org/v1/types.go).
type zalandoSchedule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScalingWindowDurationMinutes *int64 `json:"scalingWindowDurationMinutes"`
		Schedules                    []struct {
			Type            string  `json:"type"`
			Date            *string `json:"date"`
			EndDate         *string `json:"endDate"`
			DurationMinutes int     `json:"durationMinutes"`
			Value           int64   `json:"value"`
		} `json:"schedules"`
	} `json:"spec"`
}

func plan(t *testing.T, start time.Time) prescale.Plan {
	t.Helper()
	past := prescale.Past{Visitors: 10_000, Course: []prescale.Mark{{At: 0, Visitors: 10_000}, {At: time.Second, Visitors: 10_000}}}
	p, err := prescale.NewPlan(prescale.Request{
		Event: "evt", Start: start, Lead: 20*time.Minute + 30*time.Second,
		Evidence: prescale.Evidence{Past: []prescale.Past{past, past}},
		Sale:     prescale.Sale{Session: 5 * time.Minute},
		Services: []prescale.Service{
			{Name: "shop", PerInstance: 1000, Min: 3, Max: 50},
			{Name: "payments", PerInstance: 500, Min: 2, Max: 20},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// documents splits what was written, and each must be read whole.
func documents(t *testing.T, start time.Time, kind Kind) [][]byte {
	t.Helper()
	text, err := Write(plan(t, start), kind)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for _, document := range strings.Split(string(text), "---\n")[1:] {
		all = append(all, []byte(document))
	}
	return all
}

func strict(t *testing.T, document []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(document, into); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
}

func TestAnAutoscalerWithTheFloorOfThePlan(t *testing.T) {
	all := documents(t, time.Time{}, HPA)
	if len(all) != 2 {
		t.Fatalf("%d documents; want one for each service", len(all))
	}
	var shop autoscaling.HorizontalPodAutoscaler
	strict(t, all[0], &shop)
	if shop.Name != "shop" || *shop.Spec.MinReplicas != 13 || shop.Spec.MaxReplicas != 50 || shop.Spec.ScaleTargetRef.Name != "shop" {
		t.Errorf("%s", all[0])
	}
	if cpu := *shop.Spec.Metrics[0].Resource.Target.AverageUtilization; cpu != 63 {
		t.Errorf("cpu target %d; want 70 less the tolerance, 63", cpu)
	}
	if up := shop.Spec.Behavior.ScaleUp; *up.StabilizationWindowSeconds != 60 || up.Policies[0].Value != 100 || up.Policies[0].PeriodSeconds != 15 {
		t.Errorf("up %+v", up)
	}
	if down := shop.Spec.Behavior.ScaleDown; *down.StabilizationWindowSeconds != 300 || down.Policies[0].Value != 10 || down.Policies[0].PeriodSeconds != 60 {
		t.Errorf("down %+v", down)
	}
}

func TestAScaledObjectForTheTimeOfThePlan(t *testing.T) {
	all := documents(t, start, KEDA)
	var shop kedaObject
	strict(t, all[0], &shop)
	cron := shop.Spec.Triggers[0]
	if shop.APIVersion != "keda.sh/v1alpha1" || cron.Type != "cron" || *shop.Spec.MinReplicaCount != 3 || *shop.Spec.MaxReplicaCount != 50 {
		t.Errorf("%s", all[0])
	}
	if got := cron.Metadata; got["timezone"] != "UTC" || got["start"] != "39 8 1 3 *" || got["end"] != "10 9 1 3 *" || got["desiredReplicas"] != "14" {
		t.Errorf("cron %v; want from 08:39, before the lead time begins, to 09:10, after the last session, 14 asked for so that 13 come", got)
	}
}

func TestAScheduleAndTheAutoscalerThatFollowsIt(t *testing.T) {
	all := documents(t, start, ScalingSchedule)
	if len(all) != 4 {
		t.Fatalf("%d documents; want a schedule and an autoscaler for each service", len(all))
	}
	var schedule zalandoSchedule
	strict(t, all[0], &schedule)
	one := schedule.Spec.Schedules[0]
	if one.Type != "OneTime" || *one.Date != "2027-03-01T08:39:00Z" || one.DurationMinutes != 31 || one.Value != 1400 || *schedule.Spec.ScalingWindowDurationMinutes != 0 {
		t.Errorf("%s", all[0])
	}
	var follows autoscaling.HorizontalPodAutoscaler
	strict(t, all[1], &follows)
	metric := follows.Spec.Metrics[2].Object
	if *follows.Spec.MinReplicas != 3 || metric.DescribedObject.Name != schedule.Name || metric.Target.AverageValue.Value() != 100 {
		t.Errorf("%s", all[1])
	}
}

func TestWithoutAStartNothingIsScheduled(t *testing.T) {
	for _, kind := range []Kind{KEDA, ScalingSchedule, "yaml"} {
		if text, err := Write(plan(t, time.Time{}), kind); err == nil {
			t.Errorf("Write(%s) = %s", kind, text)
		}
	}
	if _, err := Write(plan(t, start), "yaml"); err == nil || !strings.Contains(err.Error(), "want hpa, keda or scalingschedule") {
		t.Errorf("Write(yaml) = %v", err)
	}
}
