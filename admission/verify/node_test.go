package verify

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/admission"
)

// joseVersion is installed once into the user's cache.
const joseVersion = "6.2.18"

// driver checks the tokens in its arguments with the guide's snippet and prints
// a line of JSON for each.
const driver = `
import { admissions } from './snippet.mjs'
const [gateway, ...tokens] = process.argv.slice(2)
const admission = admissions({ gateway, issuer: 'https://tickets.example', organization: 'acme', event: 'evt' })
for (const token of tokens) {
  try {
    const { prices, line, jti } = await admission({ headers: { 'rushgate-admission': token } })
    console.log(JSON.stringify({ prices, line, jti }))
  } catch (error) {
    console.log(JSON.stringify({ refused: true }))
  }
}
try { await admission({ headers: {} }) } catch { console.log(JSON.stringify({ refused: true })) }
`

// The snippet in docs/verify-node.md is run as it stands there, for both
// algorithms.
func TestTheNodeGuideWorks(t *testing.T) {
	dir := nodeProject(t)
	write(t, filepath.Join(dir, "snippet.mjs"), snippet(t))
	write(t, filepath.Join(dir, "driver.mjs"), driver)

	for _, algorithm := range []admission.Algorithm{admission.EdDSA, admission.ES256} {
		t.Run(string(algorithm), func(t *testing.T) {
			file, err := admission.GenerateKeys(algorithm)
			if err != nil {
				t.Fatal(err)
			}
			keys, err := admission.NewKeys(issuer, file)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			good := someAdmission()
			good.IssuedAt, good.Ends = now.UnixMilli(), now.Add(5*time.Minute).UnixMilli()
			other, rival, ended := good, good, good
			other.Event = "other"
			rival.Organization = "rival"
			ended.IssuedAt, ended.Ends = now.Add(-time.Hour).UnixMilli(), now.Add(-time.Minute).UnixMilli()
			tokens := []string{sign(t, keys, good)}
			for _, bad := range []admission.Admission{other, rival, ended} {
				tokens = append(tokens, sign(t, keys, bad))
			}
			tokens = append(tokens, sign(t, ephemeral(t), good))

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			out := run(ctx, t, dir, "node", append([]string{"driver.mjs", newGateway(t, keys).URL}, tokens...)...)
			accepted, err := json.Marshal(map[string]any{"prices": good.Prices, "line": good.Line, "jti": good.ID()})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{string(accepted)}
			for range 5 { // event, organization, end, key, no header
				want = append(want, `{"refused":true}`)
			}
			if diff := cmp.Diff(decoded(t, want), decoded(t, strings.Split(strings.TrimSpace(out), "\n"))); diff != "" {
				t.Errorf("the guide's snippet differs (-want +got):\n%s", diff)
			}
		})
	}
}

// nodeProject returns a folder in which jose can be imported. Without Node it
// skips the test, except in CI.
func nodeProject(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is needed in CI: %v", tool, err)
			}
			t.Skipf("%s is not installed", tool)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	installed := filepath.Join(cache, "rushgate", "jose-"+joseVersion, "node_modules")
	if _, err := os.Stat(filepath.Join(installed, "jose", "package.json")); err != nil {
		if err := os.MkdirAll(installed, 0o755); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		run(ctx, t, filepath.Dir(installed), "npm", "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts",
			"--prefix", filepath.Dir(installed), "jose@"+joseVersion)
	}
	dir := t.TempDir()
	if err := os.Symlink(installed, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// snippet is the first block of code in the guide.
func snippet(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/verify-node.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begins := strings.Cut(string(guide), "```js\n")
	code, _, ends := strings.Cut(rest, "```")
	if !begins || !ends {
		t.Fatal("docs/verify-node.md has no block of js")
	}
	return code
}

func run(ctx context.Context, t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, out, stderr.String())
	}
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func decoded(t *testing.T, lines []string) []any {
	t.Helper()
	all := make([]any, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &all[i]); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
	}
	return all
}
