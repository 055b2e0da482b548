package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An organizer who declares an event where no pool serves must not keep gateways from
// starting, nor the other events' visitors from their shop.
func TestAnEventOnNoPoolKeepsNoGatewayFromStarting(t *testing.T) {
	t.Parallel()
	file, _ := install(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.NewReplacer(`path: "/**", pool`, `path: "/spring/**", pool`, "[spring.yaml]", "[spring.yaml, autumn.yaml]").Replace(string(text))
	autumn := filepath.Join(filepath.Dir(file), "autumn.yaml")
	for path, text := range map[string]string{file: settings, autumn: strings.NewReplacer("spring", "autumn", "Spring", "Autumn").Replace(springEvent)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gateway := startGateway(t, file)
	eventually(t, "the gateway is ready", func() bool { return status(t, gateway.doors[2].url()+"/readyz") == http.StatusOK })
	if got := status(t, gateway.doors[0].url()+"/spring/buy"); got != http.StatusOK {
		t.Errorf("the event that is served = %d; want its shop's 200", got)
	}
	if got := status(t, gateway.doors[0].url()+"/autumn/buy"); got != http.StatusNotFound {
		t.Errorf("the event on no pool = %d; want 404 for who is let in at once, and no line", got)
	}
}
