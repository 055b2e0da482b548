package k8s

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// The annotations of an autoscaler that we have raised.
const (
	annotationOwner    = "rushgate/owner"
	annotationSet      = "rushgate/min-replicas"
	annotationPrevious = "rushgate/previous-min-replicas"
	annotationVersion  = "rushgate/version"
	annotationUntil    = "rushgate/until"
	annotationEvent    = "rushgate/event"
)

// hpa is an autoscaler. Note and value change in one patch.
type hpa struct {
	client          kubernetes.Interface
	namespace, name string
}

func (h hpa) read(ctx context.Context) (found, error) {
	got, err := h.client.AutoscalingV2().HorizontalPodAutoscalers(h.namespace).Get(ctx, h.name, metav1.GetOptions{})
	if err != nil {
		return found{}, fmt.Errorf("read autoscaler %s/%s: %w", h.namespace, h.name, err)
	}
	f := found{current: 1, most: got.Spec.MaxReplicas, handle: got.ResourceVersion}
	if got.Spec.MinReplicas != nil { // unset means 1
		f.current = *got.Spec.MinReplicas
	}
	f.note = readNote(got.Annotations)
	return f, nil
}

// readNote takes what it cannot read for no note: then the value is not ours.
func readNote(annotations map[string]string) note {
	n := note{Event: annotations[annotationEvent]}
	n.Version, _ = strconv.ParseInt(annotations[annotationVersion], 10, 64)
	set, setErr := strconv.ParseInt(annotations[annotationSet], 10, 32)
	previous, previousErr := strconv.ParseInt(annotations[annotationPrevious], 10, 32)
	if annotations[annotationOwner] == Manager && setErr == nil && previousErr == nil {
		n.Ours, n.Set, n.Previous = true, int32(set), int32(previous)
	}
	n.Until, _ = time.Parse(time.RFC3339, annotations[annotationUntil])
	return n
}

func (n note) annotations() map[string]any {
	all := map[string]any{
		annotationVersion: strconv.FormatInt(n.Version, 10), // stays, so that a late order is known for one
		annotationOwner:   nil, annotationSet: nil, annotationPrevious: nil, annotationUntil: nil, annotationEvent: nil,
	}
	if n.Ours {
		all[annotationOwner] = Manager
		all[annotationSet] = strconv.Itoa(int(n.Set))
		all[annotationPrevious] = strconv.Itoa(int(n.Previous))
		all[annotationUntil] = n.Until.UTC().Format(time.RFC3339)
		all[annotationEvent] = n.Event
	}
	return all
}

// write is a merge patch that holds for the version that was read alone.
func (h hpa) write(ctx context.Context, f found, c change) error {
	metadata := map[string]any{"annotations": c.note.annotations()}
	if version, _ := f.handle.(string); version != "" {
		metadata["resourceVersion"] = version
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata, "spec": map[string]any{"minReplicas": c.value}})
	if err != nil {
		return err
	}
	_, err = h.client.AutoscalingV2().HorizontalPodAutoscalers(h.namespace).
		Patch(ctx, h.name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: Manager})
	if err != nil {
		return fmt.Errorf("patch autoscaler %s/%s: %w", h.namespace, h.name, err)
	}
	return nil
}

func (h hpa) started(ctx context.Context) (int, error) {
	got, err := h.client.AutoscalingV2().HorizontalPodAutoscalers(h.namespace).Get(ctx, h.name, metav1.GetOptions{})
	if err != nil {
		return 0, fmt.Errorf("read autoscaler %s/%s: %w", h.namespace, h.name, err)
	}
	return int(got.Status.CurrentReplicas), nil
}
