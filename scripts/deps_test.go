package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The machines of these tests have no programs but these. apt-get notes what
// it was asked and, told to install, puts redis there.
const (
	rootID  = "#!/bin/sh\necho 0\n"
	userID  = "#!/bin/sh\necho 1000\n"
	sudo    = "#!/bin/sh\nshift\n[ \"$*\" = true ] || \"$@\"\n"
	noSudo  = "#!/bin/sh\nexit 1\n"
	idle    = "#!/bin/sh\n"
	oldNode = "#!/bin/sh\nexit 1\n"
	aptGet  = `#!/bin/sh
echo "apt-get $*" >>"$NOTES"
case "$*" in
*redis-server*) printf '#!/bin/sh\n' >"$BIN/redis-server"; printf '#!/bin/sh\n' >"$BIN/redis-sentinel"
	/bin/chmod +x "$BIN/redis-server" "$BIN/redis-sentinel" ;;
esac
`
	passOn = "#!/bin/sh\nshift\nexec \"$@\"\n" // env NAME=value command...
)

func TestDeps(t *testing.T) {
	const install = "apt-get install -y --no-install-recommends redis-server redis-sentinel"
	tests := []struct {
		name     string
		programs map[string]string
		needs    []string
		fails    bool
		says     string
		ran      string
	}{
		{
			name:     "what is there is left alone",
			programs: map[string]string{"redis-server": idle, "redis-sentinel": idle, "apt-get": aptGet, "id": rootID},
			needs:    []string{"redis"},
		},
		{
			name:     "root installs what is missing",
			programs: map[string]string{"apt-get": aptGet, "id": rootID, "env": passOn},
			needs:    []string{"redis"},
			says:     install,
			ran:      "apt-get update -q\n" + install + "\n",
		},
		{
			name:     "so does who may use sudo without a password",
			programs: map[string]string{"apt-get": aptGet, "id": userID, "sudo": sudo, "env": passOn},
			needs:    []string{"redis"},
			says:     install,
			ran:      "apt-get update -q\n" + install + "\n",
		},
		{
			name:     "who may not is told the command",
			programs: map[string]string{"apt-get": aptGet, "id": userID, "sudo": noSudo},
			needs:    []string{"redis"},
			fails:    true,
			says:     "Please run:  sudo " + install,
		},
		{
			name:     "a system without a known package manager",
			programs: map[string]string{"id": rootID},
			needs:    []string{"redis", "cc"},
			fails:    true,
			says:     "Missing: redis cc.",
		},
		{
			name:     "a package that does not bring what is needed",
			programs: map[string]string{"apt-get": aptGet, "id": rootID, "env": passOn, "node": oldNode, "npm": idle},
			needs:    []string{"node"},
			fails:    true,
			says:     "node is still missing",
			ran:      "apt-get update -q\napt-get install -y --no-install-recommends nodejs npm\n",
		},
		{
			name:  "a need that nobody knows",
			needs: []string{"postgres"},
			fails: true,
			says:  "'postgres': not one of",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bin, notes := t.TempDir(), filepath.Join(t.TempDir(), "notes")
			for name, script := range test.programs {
				if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			deps := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"deps.sh"}, test.needs...)...)
			deps.Env = []string{"PATH=" + bin, "BIN=" + bin, "NOTES=" + notes}
			out, err := deps.CombinedOutput()
			if (err != nil) != test.fails || !strings.Contains(string(out), test.says) {
				t.Errorf("deps.sh %s: %v; want failure %v and %q in:\n%s", test.needs, err, test.fails, test.says, out)
			}
			ran, _ := os.ReadFile(notes) // no file: nothing ran
			if string(ran) != test.ran {
				t.Errorf("deps.sh %s ran:\n%s\nwant:\n%s", test.needs, ran, test.ran)
			}
		})
	}
}
