package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// announced says whether a mode tells visitors that their figures do not count
// for the moment: the store is silent, or places are being put back.
func announced(mode string) bool { return mode == invariant.Hold || mode == invariant.Restore }

// told notes the mode that an answer named.
func (v *visitor) told(a answer, mode string) {
	if mode == "" { // not every answer has one
		return
	}
	v.mode = mode
	v.tally.hear("mode " + mode)
	v.history.Add(invariant.Told(invariant.Between(a.sent, a.answered), v.id, a.gateway, mode))
}

// heed notes a refusal that may name the reason, or no answer at all.
func (v *visitor) heed(a answer, err error) {
	if err != nil {
		v.tally.hear("no answer")
		return
	}
	var p place
	_ = json.Unmarshal(a.body, &p) // a page names no code
	v.tally.hear(fmt.Sprintf("status %d %s", a.status, p.Code))
	if p.Code == invariant.Hold && a.status == http.StatusServiceUnavailable {
		v.history.Add(invariant.Told(invariant.Between(a.sent, a.answered), v.id, a.gateway, invariant.Hold))
	}
}

// changed says whether the snapshot is of another making than the last one: the
// page then asks for its own place at once, as all others do, hence not at once.
func (v *visitor) changed(ctx context.Context, r room) bool {
	before, mode := v.generation, v.mode
	if r.Generation != "" {
		v.generation = r.Generation
	}
	if before == "" || before == v.generation && (mode == "" || r.Mode == "" || mode == r.Mode) {
		return false
	}
	return sleep(ctx, scale(2*time.Second, v.rand.Float64()))
}
