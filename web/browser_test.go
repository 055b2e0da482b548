package web

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// browse opens the page of the shop in a headless Chromium and returns what it
// has become after some time there. The browser finds the gateway at its name.
func (h *house) browse(path string, passes string) string {
	h.t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		h.t.Skip("no chromium on this machine")
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+h.t.TempDir(), "--virtual-time-budget="+passes,
		"--host-resolver-rules=MAP tickets.example "+strings.TrimPrefix(h.url, "http://"),
		"--dump-dom", "http://tickets.example"+path).Output()
	if err != nil {
		h.t.Fatalf("run chromium: %v", err)
	}
	return string(out)
}

// The page's own script does the work that the gateway asks for: two
// implementations of one hash, held together by a place in the line.
func TestThePageWorksForItsPlace(t *testing.T) {
	h := openHouse(t, workFirst)
	page := h.browse("/buy", "20000")
	if !strings.Contains(page, `data-screen="waiting"`) {
		t.Errorf("the page has not come to a place; it shows %s", head(page[strings.Index(page, "<main"):], 300))
	}
	equal(t, "places in the line", h.waiting(), int64(1))
}

func TestThePageAsksForAnAccount(t *testing.T) {
	h := openHouse(t, accountsRequired+everybodyWaits)
	page := h.browse("/buy", "5000")
	if !strings.Contains(page, `data-screen="sign_in"`) {
		t.Errorf("the page does not ask to sign in; it shows %s", head(page[strings.Index(page, "<main"):], 300))
	}
}
