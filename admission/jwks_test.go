package admission

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJWKSIsStableAndPublic(t *testing.T) {
	keys := ring(t, KeyFile{
		Pass:      []PassKey{{ID: "aaaa", Secret: Secret(secretA)}},
		Admission: []AdmissionKey{{ID: "one", Key: Secret(edKey)}},
	})
	want := `{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"one","x":"` + publicX + `"}]}`
	if got := string(keys.JWKS()); got != want {
		t.Errorf("JWKS() = %s; want %s", got, want)
	}
}

func TestJWKSRoundTrip(t *testing.T) {
	l := newLab(t)
	public, err := ParseJWKS(l.keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	want := []PublicKey{{l.ed.id, EdDSA, l.ed.private.Public()}, {l.ec.id, ES256, l.ec.private.Public()}}
	if diff := cmp.Diff(want, public); diff != "" {
		t.Errorf("ParseJWKS(JWKS()) differs (-want +got):\n%s", diff)
	}
}

func TestParseJWKS(t *testing.T) {
	const ed = `{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"one","x":"` + publicX + `"}`
	tests := []struct {
		name string
		set  string
		keys int
		err  string
	}{
		{"one key", `{"keys":[` + ed + `]}`, 1, ""},
		{"an RSA key beside it is not ours", `{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","n":"AQ","e":"AQAB"},` + ed + `]}`, 1, ""},
		{"a symmetric key is never taken", `{"keys":[{"kty":"oct","alg":"HS256","use":"sig","kid":"one","k":"AAAA"}]}`, 0, ""},
		{"a key for encryption", strings.Replace(`{"keys":[`+ed+`]}`, `"sig"`, `"enc"`, 1), 0, ""},
		{"an algorithm that is not the curve's", strings.Replace(`{"keys":[`+ed+`]}`, "EdDSA", "ES256", 1), 0, ""},
		{"no keys", `{"keys":[]}`, 0, ""},
		{"a short key", strings.Replace(`{"keys":[`+ed+`]}`, publicX, "AAAA", 1), 0, "wrong length"},
		{"a point off the curve", `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"one","x":"` + publicX + `","y":"` + publicX + `"}]}`, 0, "not a point"},
		{"not base64", strings.Replace(`{"keys":[`+ed+`]}`, publicX, "!", 1), 0, "illegal base64"},
		{"not JSON", `<html>`, 0, "read key set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := ParseJWKS([]byte(tt.set))
			if len(keys) != tt.keys || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("ParseJWKS(%s) = %d keys, %v; want %d, %q", tt.set, len(keys), err, tt.keys, tt.err)
			}
		})
	}
}

func TestNewVerifierRefuses(t *testing.T) {
	l := newLab(t)
	public, err := ParseJWKS(l.keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		issuer string
		keys   []PublicKey
		leeway int // seconds
		want   string
	}{
		{"no issuer: any would do", "", public, 0, "issuer"},
		{"no keys", "iss", nil, 0, "at least one key"},
		{"more than 30 s of leeway", "iss", public, 31, "leeway"},
		{"less than none", "iss", public, -1, "leeway"},
		{"two keys of one id", "iss", []PublicKey{public[0], public[0]}, 0, "id taken"},
		{"a key without an id", "iss", []PublicKey{{Algorithm: EdDSA, Key: public[0].Key}}, 0, "no id"},
		{"a key without an algorithm", "iss", []PublicKey{{ID: "x", Key: public[0].Key}}, 0, "unknown algorithm"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewVerifier(tt.issuer, tt.keys, seconds(tt.leeway)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewVerifier error = %v; want %q", err, tt.want)
			}
		})
	}
}

// publicX is the public half of edKey, computed by another implementation.
const publicX = "OeJZYxTpCy_NbETScdXExVxiPISlTjDORvFu_OoSsDw"
