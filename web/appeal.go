package web

import (
	"io"
	"net/http"

	"github.com/bilten/rushgate/admission"
)

// newReference names one refusal, as in "R-K7QX-2M9P": by it the log's line is
// found when somebody asks why. It says nothing about anybody.
func newReference(random io.Reader) string {
	var drawn admission.Visitor
	_, _ = io.ReadFull(random, drawn[:]) // a poorer name is no reason to fail
	return "R-" + admission.Reference("", drawn)
}

// spendJoins takes n joins of the allowance of the visitor's networks.
func (v *visit) spendJoins(n int) (refusedJoin, bool) {
	if v.addr.Unlimited {
		return refusedJoin{}, true
	}
	return v.g.limiter.allow(v.addr.Addr, n, v.now)
}

// limit refuses when the visitor's networks have spent their allowance. Who
// appeals names the reference; the log knows which limit it was and when, and no
// address.
func (v *visit) limit(joins int) error {
	refused, ok := v.spendJoins(joins)
	if ok {
		return nil
	}
	v.g.metrics.limited.WithLabelValues(v.event().ID, refused.level).Inc()
	if refused.first {
		v.g.log.Info("joins refused", "reference", refused.reference, "event", v.event().ID, "organization", v.event().Organization,
			"limit", refused.level, "retry_after", refused.after)
	}
	p := refuse(http.StatusTooManyRequests, "too_many_joins",
		"Many people join from this network. Nobody's place is lost; this page tries again by itself.").after(refused.after)
	p.reference = refused.reference
	return p
}
