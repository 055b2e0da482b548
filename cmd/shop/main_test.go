package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var opened = regexp.MustCompile(`url=(\S+)`)

// The real program serves on a free port and closes when it is told to.
func TestRunServesUntilItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	logs, stderr := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--listen", "127.0.0.1:0", "--jwks", "http://127.0.0.1:1/jwks.json"}, stderr)
		_ = stderr.Close()
	}()
	lines := bufio.NewReader(logs)
	line, err := lines.ReadString('\n')
	found := opened.FindStringSubmatch(line)
	if err != nil || found == nil {
		t.Fatalf("first line %q, %v; want the shop's URL", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	// The keys can't be fetched and nothing is enforced: the shop sells.
	response, err := client.Get(found[1] + "/buy")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	page, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK || !strings.Contains(string(page), "The shop only reports it") {
		t.Errorf("GET buy = %d; want 200 and a report:\n%s", response.StatusCode, page)
	}

	stop()
	if err := <-ended; err != nil {
		t.Errorf("run = %v; want nil after a stop", err)
	}
}

func TestRunRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"an unknown flag":    {"--port", "80"},
		"a bad address":      {"--listen", "nowhere:port"},
		"a verifier unnamed": {"--jwks", "http://127.0.0.1:1/", "--issuer", ""},
	} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%s: run(%q) = nil; want an error", name, args)
		}
	}
}
