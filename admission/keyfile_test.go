package admission

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The test's own keys: 32 bytes counting up are distinct enough to pass for random.
var (
	secretA = base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv"))
	secretC = base64.StdEncoding.EncodeToString([]byte("abcdefghijABCDEFGHIJ012345678901"))
	secretB = base64.StdEncoding.EncodeToString([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"))
	edKey   = pkcs8(ed25519.NewKeyFromSeed([]byte("0123456789abcdefghijklmnopqrstuv")))
)

func pkcs8(private any) string {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func ecKey(t *testing.T, curve elliptic.Curve) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pkcs8(private)
}

func drawList(id, from, secret string) string {
	return "draw:\n  - {id: " + id + ", from: " + from + ", secret: " + secret + "}\n"
}

func TestParseKeyFile(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := base64.StdEncoding.DecodeString(edKey)
	inPEM := strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "\n", "\n      ")
	pass := "pass: [{id: aaaa, secret: " + secretA + "}]\n"
	admission := "admission: [{id: one, key: " + edKey + "}]\n"
	short := base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstu"))

	tests := []struct {
		name string
		file string
		want string // part of the error; empty: none
	}{
		{"one key each", pass + admission, ""},
		{"a private key in PEM", pass + "admission:\n  - id: one\n    key: |\n      " + inPEM + "\n", ""},
		{"ES256 with a P-256 key", pass + "admission: [{id: one, algorithm: ES256, key: " + ecKey(t, elliptic.P256()) + "}]", ""},
		{"an id of digits, which YAML takes for a number", "pass: [{id: 0123, secret: " + secretA + "}]\n" + admission, ""},
		{"nothing", "", "no documents"},
		{"no pass key", admission, "pass: at least one key is needed"},
		{"no admission key", pass, "admission: at least one key is needed"},
		{"an unknown list", pass + admission + "lottery: []\n", "lottery"},
		{"no draw key: draws are refused when they are made", pass + admission + "draw: []\n", ""},
		{"a draw key", pass + admission + drawList("d1", "2027-03-01T00:00:00Z", secretB), ""},
		{"a draw key from an instant with an offset", pass + admission + drawList("d1", "2027-03-01T00:00:00+01:00", secretB), ""},
		{"a revoked draw key", pass + admission + "draw: [{id: d1, from: 2027-03-01T00:00:00Z, revoked: true}]\n", ""},
		{"a revoked draw key with its secret", pass + admission + "draw: [{id: d1, from: 2027-03-01T00:00:00Z, revoked: true, secret: " + secretB + "}]\n", "draw[0]: secret: a revoked key has none"},
		{"a draw key without a date", pass + admission + "draw: [{id: d1, secret: " + secretB + "}]\n", `draw[0]: from ""`},
		{"a draw key from a day, which begins when?", pass + admission + drawList("d1", "2027-03-01", secretB), `draw[0]: from "2027-03-01": want an instant`},
		{"two draw keys of one instant, written differently", pass + admission + drawList("d1", "2027-03-01T00:00:00Z", secretB) + "  - {id: d2, from: 2027-03-01T01:00:00+01:00, secret: " + secretC + "}\n", "draw: d1 and d2 have the same from"},
		{"a draw key that is a pass key too", pass + admission + drawList("d1", "2027-03-01T00:00:00Z", secretA), "draw[0]: the same key stands under another id"},
		{"a draw key under a pass key's id", pass + admission + drawList("aaaa", "2027-03-01T00:00:00Z", secretB), `draw[0]: id "aaaa" is taken`},
		{"A06 a draw secret of 31 bytes", pass + admission + drawList("d1", "2027-03-01T00:00:00Z", short), "draw[0]: secret: 31 bytes; want at least 32"},
		{"A06 a draw secret of zeros", pass + admission + drawList("d1", "2027-03-01T00:00:00Z", base64.StdEncoding.EncodeToString(make([]byte, 32))), "draw[0]: secret: not random"},
		{"A06 no draw secret", pass + admission + "draw: [{id: d1, from: 2027-03-01T00:00:00Z}]\n", "draw[0]: secret: 0 bytes"},
		{"an unknown field", "pass: [{id: aaaa, secret: " + secretA + ", note: x}]\n" + admission, "note"},
		{"A06 a secret of 31 bytes", "pass: [{id: aaaa, secret: " + short + "}]\n" + admission, "pass[0]: secret: 31 bytes; want at least 32"},
		{"a secret of 1025 bytes", "pass: [{id: aaaa, secret: " + base64.StdEncoding.EncodeToString(make([]byte, 1025)) + "}]\n" + admission, "want at most 1024"},
		{"A06 a secret of zeros", "pass: [{id: aaaa, secret: " + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "}]\n" + admission, "pass[0]: secret: not random"},
		{"a secret in plain text", "pass: [{id: aaaa, secret: 'correct horse battery staple, and more'}]\n" + admission, "pass[0]: secret: not base64"},
		{"A06 no secret", "pass: [{id: aaaa}]\n" + admission, "pass[0]: secret: 0 bytes"},
		{"no id", "pass: [{secret: " + secretA + "}]\n" + admission, `pass[0]: id ""`},
		{"an id too long for a pass", "pass: [{id: aaaaa, secret: " + secretA + "}]\n" + admission, `pass[0]: id "aaaaa"`},
		{"an admission id that is a path", pass + "admission: [{id: ../one, key: " + edKey + "}]", `admission[0]: id "../one"`},
		{"two pass keys of one id", "pass: [{id: aaaa, secret: " + secretA + "}, {id: aaaa, secret: " + secretB + "}]\n" + admission, `pass[1]: id "aaaa" is taken`},
		{"one id in both lists", pass + "admission: [{id: aaaa, key: " + edKey + "}]", `admission[0]: id "aaaa" is taken`},
		{"one secret under two ids", "pass: [{id: aaaa, secret: " + secretA + "}, {id: bbbb, secret: " + secretA + "}]\n" + admission, "pass[1]: the same key stands under another id"},
		{"one private key under two ids", pass + "admission: [{id: one, key: " + edKey + "}, {id: two, key: " + edKey + "}]", "admission[1]: the same key stands under another id"},
		{"HS256 for admissions", pass + "admission: [{id: one, algorithm: HS256, key: " + secretA + "}]", "not a PKCS #8 private key"},
		{"an RSA key", pass + "admission: [{id: one, algorithm: RS256, key: " + pkcs8(rsaKey) + "}]", `algorithm "RS256"`},
		{"an algorithm that the key is not for", pass + "admission: [{id: one, algorithm: ES256, key: " + edKey + "}]", `algorithm "ES256"`},
		{"a P-384 key", pass + "admission: [{id: one, algorithm: ES256, key: " + ecKey(t, elliptic.P384()) + "}]", "P-256 key"},
		{"a public key in PEM", pass + "admission: [{id: one, key: \"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\"}]", `want one PEM block "PRIVATE KEY"`},
		{"something after the PEM block", pass + "admission: [{id: one, key: \"-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\nmore\"}]", `want one PEM block "PRIVATE KEY"`},
		{"a secret where a list belongs", "pass: " + secretA + "\n" + admission, "line 1"},
		{"two documents", pass + admission + "---\n" + pass, "document"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseKeyFile([]byte(tt.file))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("ParseKeyFile error = %v; want %q", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), secretA[:6]) || strings.Contains(err.Error(), "correct horse")) {
				t.Errorf("ParseKeyFile error = %v; it shows a secret", err)
			}
		})
	}
}

func TestKeyFileSurvivesWriting(t *testing.T) {
	for _, alg := range []Algorithm{EdDSA, ES256} {
		want, err := GenerateKeys(alg)
		if err != nil {
			t.Fatal(err)
		}
		data, err := want.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseKeyFile(data)
		if err != nil {
			t.Fatalf("ParseKeyFile(Marshal(f)) error = %v; file:\n%s", err, data)
		}
		if diff := cmp.Diff(fmt.Sprint(exposed(want)), fmt.Sprint(exposed(got))); diff != "" {
			t.Errorf("%s: ParseKeyFile(Marshal(f)) differs (-want +got):\n%s", alg, diff)
		}
	}
}

// exposed lists what Secret hides from fmt and cmp.
func exposed(f KeyFile) []string {
	var all []string
	for _, k := range f.Pass {
		all = append(all, k.ID, string([]byte(k.Secret)))
	}
	for _, k := range f.Admission {
		all = append(all, k.ID, string(k.Algorithm), string([]byte(k.Key)))
	}
	for _, k := range f.Draw {
		all = append(all, k.ID, k.From, string([]byte(k.Secret)))
	}
	return all
}

func TestSecretsDoNotShow(t *testing.T) {
	file := KeyFile{
		Pass:      []PassKey{{ID: "aaaa", Secret: Secret(secretA)}},
		Admission: []AdmissionKey{{ID: "one", Key: Secret(edKey)}},
		Draw:      []DrawKey{{ID: "d1", From: "2027-03-01T00:00:00Z", Secret: Secret(secretB)}},
	}
	keys := ring(t, file)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", file)
		fmt.Fprintf(&out, verb+"\n", file.Pass[0].Secret)
		fmt.Fprintf(&out, verb+"\n", keys)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("all of it", "file", file, "secret", file.Pass[0].Secret, "keys", keys)
	}
	_ = json.NewEncoder(&out).Encode(file)

	raw, _ := base64.StdEncoding.DecodeString(secretA)
	for _, secret := range []string{secretA, secretB, edKey, string(keys.draws[0].secret), string(raw), fmt.Sprintf("%x", secretA), fmt.Sprintf("%x", raw)} {
		if strings.Contains(strings.ToLower(out.String()), strings.ToLower(secret)) {
			t.Errorf("output shows the secret %q:\n%s", secret, out.String())
		}
	}
}
