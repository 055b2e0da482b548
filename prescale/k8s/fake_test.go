package k8s

import (
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/bilten/rushgate/prescale/rush"
)

// The typed fake knows the kinds as client-go does: what it takes, the types take.
func TestTheTypedFakeTakesTheSamePatches(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset(&autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Annotations: map[string]string{"theirs": "stays"}},
		Spec:       autoscalingv2.HorizontalPodAutoscalerSpec{MaxReplicas: 50}, // minReplicas unset: 1
	})
	target, err := New(client, Config{Namespace: "shop", HPA: "web", Chance: func() float64 { return 0 }, Pause: time.After})
	if err != nil {
		t.Fatal(err)
	}
	look := func() (int32, map[string]string) {
		got, err := client.AutoscalingV2().HorizontalPodAutoscalers("shop").Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return *got.Spec.MinReplicas, got.Annotations
	}
	if err := target.Scale(t.Context(), order(13, 7)); err != nil {
		t.Fatal(err)
	}
	if value, notes := look(); value != 13 || notes[annotationPrevious] != "1" || notes["theirs"] != "stays" {
		t.Errorf("raised: %d, %v; want 13 over 1, others' annotations as they were", value, notes)
	}
	if err := target.Release(t.Context(), rush.Order{Version: 8}); err != nil {
		t.Fatal(err)
	}
	if value, notes := look(); value != 1 || notes[annotationOwner] != "" {
		t.Errorf("given back: %d, %v; want 1 and no owner", value, notes)
	}
}

func TestATargetIsOneThing(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{}, {Namespace: "shop"}, {HPA: "web"}, {Namespace: "shop", HPA: "web", Deployment: "web"}} {
		if _, err := New(fake.NewClientset(), c); err == nil {
			t.Errorf("New(%+v) = nil; want a refusal", c)
		}
	}
}
