package admission

import (
	"encoding/hex"
	"errors"
	"regexp"
	"testing"
)

func TestBrowserCookie(t *testing.T) {
	keys, stranger := testKeys(t), testKeys(t)
	b := Browser{1, 2, 3, 15: 16}
	good := keys.SealBrowser(b)
	if got, err := keys.OpenBrowser(good); got != b || err != nil {
		t.Fatalf("OpenBrowser(SealBrowser(b)) = %x, %v; want %x", got, err, b)
	}
	tests := []struct {
		name   string
		cookie string
		want   error
	}{
		{"none", "", ErrMalformed},
		{"another installation's", stranger.SealBrowser(b), ErrUnknownKey},
		{"a pass is not a visitor cookie, not even of an event without a name", keys.SealPass(Pass{}), ErrForged},
		{"a genuine one of the wrong length", keys.browsers.seal("", b[:15]), ErrMalformed},
		{"cut", good[:len(good)-1], ErrMalformed},
		{"made longer", good + "AAAA", ErrForged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := keys.OpenBrowser(tt.cookie); !errors.Is(err, tt.want) || got != (Browser{}) {
				t.Errorf("OpenBrowser(%q) = %x, %v; want no id, %v", tt.cookie, got, err, tt.want)
			}
		})
	}
}

// Ids and references are in stores, cookies and helpdesk tickets: a new release
// must not change them.
func TestVisitorAndReferenceNeverChange(t *testing.T) {
	b := Browser{1, 2, 3, 15: 16}
	v := b.Visitor("evt")
	if got, want := hex.EncodeToString(v[:]), "b0118af712165bf36a582f7907871656"; got != want {
		t.Errorf("Visitor(evt) = %s; want %s", got, want)
	}
	if got, want := Reference("evt", v), "BTSZ-SGVE"; got != want {
		t.Errorf("Reference(evt) = %s; want %s", got, want)
	}
}

func TestVisitorsOfTwoEventsDiffer(t *testing.T) {
	b := Browser{1, 2, 3, 15: 16}
	if b.Visitor("a") == b.Visitor("b") {
		t.Error("one browser has the same id in two events; want unlinkable ids")
	}
	v := b.Visitor("a")
	if Reference("a", v) == Reference("b", v) {
		t.Error("Reference does not depend on the event")
	}
	form := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)
	if got := Reference("a", v); !form.MatchString(got) {
		t.Errorf("Reference = %q; want the form K7QX-2M9P", got)
	}
}

func TestRotationKeepsVisitorsAndPasses(t *testing.T) {
	file, err := GenerateKeys(EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	before := ring(t, file)
	b := Browser{42}
	cookie, pass, token := before.SealBrowser(b), before.SealPass(somePass), sign(t, before, someAdmission)

	file, passID, err := file.AddPass()
	if err != nil {
		t.Fatal(err)
	}
	file, admissionID, err := file.AddAdmission(ES256)
	if err != nil {
		t.Fatal(err)
	}
	added := ring(t, file)
	if file, err = file.Promote(passID); err != nil {
		t.Fatal(err)
	}
	if file, err = file.Promote(admissionID); err != nil {
		t.Fatal(err)
	}
	promoted := ring(t, file)

	want := Want{Event: "evt", Organization: "acme", Now: someAdmission.IssuedAt}
	for name, keys := range map[string]*Keys{"added": added, "promoted": promoted} {
		if got, err := keys.OpenBrowser(cookie); got != b || err != nil {
			t.Errorf("%s: OpenBrowser = %x, %v; want %x", name, got, err, b)
		}
		if got, err := keys.OpenPass("evt", pass); got != somePass || err != nil {
			t.Errorf("%s: OpenPass = %+v, %v; want the pass", name, got, err)
		}
		if _, err := keys.Verify(token, want); err != nil {
			t.Errorf("%s: Verify error = %v; want none", name, err)
		}
	}
	// While one gateway has promoted and another has only added, both understand both.
	if _, err := added.OpenPass("evt", promoted.SealPass(somePass)); err != nil {
		t.Errorf("OpenPass of a promoted key error = %v; want none", err)
	}
	if _, err := added.Verify(sign(t, promoted, someAdmission), want); err != nil {
		t.Errorf("Verify of a promoted key error = %v; want none", err)
	}
	if _, err := before.OpenPass("evt", promoted.SealPass(somePass)); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("OpenPass of a key not loaded error = %v; want %v", err, ErrUnknownKey)
	}
}

func ring(t testing.TB, file KeyFile) *Keys {
	t.Helper()
	keys, err := NewKeys("https://tickets.example", file)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
