package deploy_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// The rights are decoded strictly, and are no more than the driver uses.
func TestKubernetesRightsAreWhatTheDriverNeeds(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, rbacv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	strict := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	rights := []string{}
	kinds := []string{}
	for _, document := range strings.Split(read(t, "k8s/rbac.yaml"), "\n---\n") {
		object, kind, err := strict.Decode([]byte(document), nil, nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		kinds = append(kinds, kind.Kind)
		role, ok := object.(*rbacv1.Role)
		if !ok {
			continue
		}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				rights = append(rights, resource+" "+strings.Join(rule.Verbs, " "))
			}
			if rule.Resources[0] != "endpointslices" && len(rule.ResourceNames) == 0 {
				t.Errorf("%v are not bound to names", rule.Resources)
			}
		}
	}
	want := []string{"horizontalpodautoscalers get patch", "deployments/scale get update", "statefulsets/scale get update", "configmaps get patch", "endpointslices list"}
	if !slices.Equal(rights, want) || !slices.Equal(kinds, []string{"ServiceAccount", "Role", "RoleBinding", "ConfigMap"}) {
		t.Errorf("rights = %q in %q; want %q", rights, kinds, want)
	}
}
