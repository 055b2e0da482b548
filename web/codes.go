package web

import (
	"errors"
	"net/http"

	"github.com/bilten/rushgate/admission"
)

// codeKind stands beside the cookie kinds where refusals are counted.
const codeKind cookieKind = "code"

// openCode makes the holder of a presale code the visitor. One code is one
// visitor, so however many type it, it is one place. A wrong one costs a join of
// the address's allowance, so that guessing is no faster than joining.
func (v *visit) openCode(w wish) (line string, err error) {
	var lines []string
	for _, l := range v.event().Room.Lines {
		if l.Code && (w.Line == "" || w.Line == l.Name) {
			lines = append(lines, l.Name)
		}
	}
	code, err := v.g.keys().OpenCode(v.event().ID, lines, w.Code, v.storeTime())
	if err == nil {
		v.become(code.Visitor())
		return code.Line, nil
	}
	v.g.refused(codeKind, err)
	if err := v.limit(1); err != nil {
		return "", err
	}
	detail := "This is no code of this event. Check it letter by letter; capitals and hyphens make no difference."
	if errors.Is(err, admission.ErrExpired) {
		detail = "This code was good until a day that has passed."
	}
	p := refuse(http.StatusForbidden, "code_refused", detail).with(v.place())
	p.reference = newReference(v.g.random)
	v.g.log.Info("presale code refused", "reference", p.reference, "event", v.event().ID, "organization", v.event().Organization, "reason", err)
	return "", p
}
