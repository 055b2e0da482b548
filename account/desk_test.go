package account

import (
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

func TestADeskServesEachEventByItsOwnKeys(t *testing.T) {
	theirs := map[string][]byte{"globe/fans": secret}
	d := NewDesk(func(organization, name string) []byte { return theirs[organization+"/"+name] }, NewSets(SetsConfig{Now: time.Now}))
	hamlet := event.Event{ID: "hamlet", Organization: "globe", Identity: event.Identity{
		Mode: event.IdentityRequired, Issuer: "https://id.example", Audience: "tickets", Algorithm: event.HS256, Secret: "fans",
	}}
	stranger, lost := hamlet, hamlet
	stranger.ID, stranger.Organization = "lear", "rose"
	lost.ID, lost.Identity.Secret = "othello", "lost"
	token := signed(t, jwt.SigningMethodHS256, secret, fan(nil))
	for _, tt := range []struct {
		say  string
		e    event.Event
		want error
	}{
		{"the organization's secret", hamlet, nil},
		{"another organization that names it", stranger, ErrNoKeys},
		{"a name that the operator does not know", lost, ErrNoKeys},
	} {
		if _, err := d.Visitor(&tt.e, token, noon); !errors.Is(err, tt.want) {
			t.Errorf("%s: Visitor = %v; want %v", tt.say, err, tt.want)
		}
		if err := d.Ready(tt.e); !errors.Is(err, tt.want) {
			t.Errorf("%s: Ready = %v; want %v", tt.say, err, tt.want)
		}
	}
	heir := hamlet
	heir.Organization = "rose"
	if _, err := d.Visitor(&heir, token, noon); !errors.Is(err, ErrNoKeys) {
		t.Errorf("after the id has become another organization's: Visitor = %v; want %v", err, ErrNoKeys)
	}
	hamlet.Identity.Audience = "balcony"
	if _, err := d.Visitor(&hamlet, token, noon); !errors.Is(err, admission.ErrElsewhere) {
		t.Errorf("after the event has changed: Visitor = %v; want %v", err, admission.ErrElsewhere)
	}
	theirs["globe/fans"] = []byte("the secret that came after that one")
	if _, err := d.Visitor(&hamlet, token, noon); !errors.Is(err, admission.ErrForged) {
		t.Errorf("after the operator has changed the secret: Visitor = %v; want %v", err, admission.ErrForged)
	}
}
