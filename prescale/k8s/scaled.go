package k8s

import (
	"context"
	"encoding/json"
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// scaled is a Deployment or StatefulSet without an autoscaler. The note is
// written first, so that a value of ours is never taken for somebody else's.
type scaled struct {
	client          kubernetes.Interface
	namespace, kind string // kind: deployment or statefulset
	name            string
}

// asRead is both objects as they were found.
type asRead struct {
	scale *autoscalingv1.Scale
	notes string // resourceVersion of the ConfigMap
}

// note's key in the ConfigMap.
func (s scaled) key() string { return s.kind + "." + s.name }

func (s scaled) read(ctx context.Context) (found, error) {
	scale, err := s.scale(ctx)
	if err != nil {
		return found{}, err
	}
	kept, err := s.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, Notes, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return found{}, fmt.Errorf("there is no ConfigMap %s/%s to keep notes in: deploy/k8s/rbac.yaml makes it", s.namespace, Notes)
	}
	if err != nil {
		return found{}, fmt.Errorf("read ConfigMap %s/%s: %w", s.namespace, Notes, err)
	}
	f := found{current: scale.Spec.Replicas, handle: asRead{scale, kept.ResourceVersion}}
	if text, ok := kept.Data[s.key()]; ok {
		if err := json.Unmarshal([]byte(text), &f.note); err != nil {
			return found{}, fmt.Errorf("ConfigMap %s/%s: %s: %w", s.namespace, Notes, s.key(), err)
		}
	}
	return f, nil
}

func (s scaled) scale(ctx context.Context) (*autoscalingv1.Scale, error) {
	var scale *autoscalingv1.Scale
	var err error
	if s.kind == "statefulset" {
		scale, err = s.client.AppsV1().StatefulSets(s.namespace).GetScale(ctx, s.name, metav1.GetOptions{})
	} else {
		scale, err = s.client.AppsV1().Deployments(s.namespace).GetScale(ctx, s.name, metav1.GetOptions{})
	}
	if err != nil {
		return nil, fmt.Errorf("read the scale of %s %s/%s: %w", s.kind, s.namespace, s.name, err)
	}
	return scale, nil
}

func (s scaled) write(ctx context.Context, f found, c change) error {
	read, _ := f.handle.(asRead)
	n := c.note
	if n.Pending = c.value != f.current; n.Pending {
		n.From = f.current
	}
	if n.Pending && !n.Ours { // until it has been given back, it is ours to give back
		n.Ours, n.Set, n.Previous = true, c.value, c.value
	}
	kept, err := s.keep(ctx, read.notes, n)
	if err != nil || !n.Pending {
		return err
	}
	scale := read.scale.DeepCopy()
	scale.Spec.Replicas = c.value
	if s.kind == "statefulset" {
		_, err = s.client.AppsV1().StatefulSets(s.namespace).UpdateScale(ctx, s.name, scale, metav1.UpdateOptions{FieldManager: Manager})
	} else {
		_, err = s.client.AppsV1().Deployments(s.namespace).UpdateScale(ctx, s.name, scale, metav1.UpdateOptions{FieldManager: Manager})
	}
	if err != nil {
		return fmt.Errorf("scale %s %s/%s: %w", s.kind, s.namespace, s.name, err)
	}
	_, err = s.keep(ctx, kept, c.note)
	return err
}

// keep returns the ConfigMap's version after it.
func (s scaled) keep(ctx context.Context, version string, n note) (string, error) {
	text, err := json.Marshal(n)
	if err != nil {
		return "", err
	}
	metadata := map[string]any{}
	if version != "" {
		metadata["resourceVersion"] = version
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata, "data": map[string]string{s.key(): string(text)}})
	if err != nil {
		return "", err
	}
	after, err := s.client.CoreV1().ConfigMaps(s.namespace).Patch(ctx, Notes, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: Manager})
	if err != nil {
		return "", fmt.Errorf("patch ConfigMap %s/%s: %w", s.namespace, Notes, err)
	}
	return after.ResourceVersion, nil
}

func (s scaled) started(ctx context.Context) (int, error) {
	scale, err := s.scale(ctx)
	if err != nil {
		return 0, err
	}
	return int(scale.Status.Replicas), nil
}
