package deploy_test

import (
	"testing"

	autoscaling "k8s.io/api/autoscaling/v2"
	"sigs.k8s.io/yaml"

	"github.com/bilten/rushgate/prescale"
)

// The manifest is what plans reckon with, in the type that a cluster reads.
func TestTheAutoscalerIsTheOneThatPlansReckonWith(t *testing.T) {
	var hpa autoscaling.HorizontalPodAutoscaler
	if err := yaml.UnmarshalStrict([]byte(read(t, "k8s/hpa.yaml")), &hpa); err != nil {
		t.Fatal(err)
	}
	if hpa.APIVersion != "autoscaling/v2" || hpa.Kind != "HorizontalPodAutoscaler" {
		t.Errorf("it is a %s %s", hpa.APIVersion, hpa.Kind)
	}
	if hpa.Spec.MinReplicas == nil || *hpa.Spec.MinReplicas != prescale.DefaultMin || hpa.Spec.MaxReplicas != prescale.DefaultMax {
		t.Errorf("from %v to %d replicas; plans go from %d to %d", hpa.Spec.MinReplicas, hpa.Spec.MaxReplicas, prescale.DefaultMin, prescale.DefaultMax)
	}
	for i, want := range []struct {
		name    string
		percent int32
	}{{"cpu", prescale.CPUTarget}, {"memory", prescale.MemoryTarget}} {
		m := hpa.Spec.Metrics[i].Resource
		if string(m.Name) != want.name || *m.Target.AverageUtilization != want.percent {
			t.Errorf("metric %d: %s at %d %%; want %s at %d %%", i, m.Name, *m.Target.AverageUtilization, want.name, want.percent)
		}
	}
	for name, side := range map[string]struct {
		rules   *autoscaling.HPAScalingRules
		settle  float64
		percent int32
		period  float64
	}{
		"up":   {hpa.Spec.Behavior.ScaleUp, prescale.UpSettle.Seconds(), prescale.UpPercent, prescale.UpPeriod.Seconds()},
		"down": {hpa.Spec.Behavior.ScaleDown, prescale.DownSettle.Seconds(), prescale.DownPercent, prescale.DownPeriod.Seconds()},
	} {
		policy := side.rules.Policies[0]
		if float64(*side.rules.StabilizationWindowSeconds) != side.settle || policy.Type != autoscaling.PercentScalingPolicy ||
			policy.Value != side.percent || float64(policy.PeriodSeconds) != side.period {
			t.Errorf("%s: after %d s, %+v; plans reckon with %v s, %d %% each %v s", name, *side.rules.StabilizationWindowSeconds, policy, side.settle, side.percent, side.period)
		}
	}
}
