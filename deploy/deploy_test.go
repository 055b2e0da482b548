package deploy_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// compose is what these tests look at in a Compose file.
type compose struct {
	Services map[string]struct {
		Image     string         `yaml:"image"`
		Build     map[string]any `yaml:"build"`
		DependsOn map[string]any `yaml:"depends_on"`
		Volumes   []string       `yaml:"volumes"`
	} `yaml:"services"`
	Volumes map[string]any               `yaml:"volumes"`
	Configs map[string]map[string]string `yaml:"configs"`
}

func TestComposeNamesWhatIsThere(t *testing.T) {
	file := load(t, read(t, "compose.yaml"))
	for name, service := range file.Services {
		if service.Image == "" && service.Build == nil {
			t.Errorf("service %s has neither image nor build", name)
		}
		for needed := range service.DependsOn {
			if _, ok := file.Services[needed]; !ok {
				t.Errorf("service %s depends on %s, which is no service", name, needed)
			}
		}
		for _, volume := range service.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, named := file.Volumes[source]; named {
				continue
			}
			if _, err := os.Stat(source); err != nil {
				t.Errorf("service %s mounts %q: %v", name, source, err)
			}
		}
		if dockerfile, ok := service.Build["dockerfile"].(string); ok {
			if _, err := os.Stat(filepath.Join("..", dockerfile)); err != nil {
				t.Errorf("service %s: %v", name, err)
			}
		}
	}
}

func TestImageIsBuiltWithTheModulesGo(t *testing.T) {
	image := regexp.MustCompile(`FROM golang:(\S+)`).FindStringSubmatch(read(t, "Dockerfile"))
	module := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "../go.mod"))
	if image == nil || module == nil || image[1] != module[1] {
		t.Errorf("the image is built with Go %q, go.mod wants %q", image, module)
	}
}

// The image's own build line makes the binaries that the rest of this test
// runs: static ones, since the image has nothing to link with.
func TestImageHoldsStaticBinariesThatTakeTheShippedFiles(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("builds the image's Linux binaries")
	}
	bin := buildAsTheImageDoes(t)
	for _, name := range []string{"rushgate", "shop"} {
		wantStatic(t, filepath.Join(bin, name))
	}
	rushgate := filepath.Join(bin, "rushgate")

	t.Run("deploy/rushgate.yaml", func(t *testing.T) {
		run(t, rushgate, "check", "rushgate.yaml")
	})
	t.Run("docs/tour", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("../docs/tour")); err != nil {
			t.Fatal(err)
		}
		run(t, rushgate, "keys", "new", filepath.Join(dir, "keys.yaml"))
		run(t, rushgate, "check", filepath.Join(dir, "rushgate.yaml"))
	})
	t.Run("docs/compose.md", func(t *testing.T) {
		block := yamlBlock(t, read(t, "../docs/compose.md"))
		if lines := strings.Count(block, "\n"); lines > 15 {
			t.Errorf("%d lines; the page promises 15", lines)
		}
		configs := load(t, block).Configs
		dir := t.TempDir()
		write(t, filepath.Join(dir, "rushgate.yaml"), configs["operator"]["content"])
		write(t, filepath.Join(dir, "event.yaml"), configs["event"]["content"])
		run(t, rushgate, "check", filepath.Join(dir, "rushgate.yaml"))
	})
}

var buildLine = regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*) -o /out/ (.*)$`)

func buildAsTheImageDoes(t *testing.T) string {
	t.Helper()
	found := buildLine.FindStringSubmatch(read(t, "Dockerfile"))
	if found == nil {
		t.Fatal("the Dockerfile has no line 'RUN CGO_ENABLED=0 go build ... -o /out/ ...'")
	}
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "sh", "-c", found[1]+` -o "$BIN/" `+found[2])
	build.Dir = ".."
	build.Env = append(os.Environ(), "BIN="+bin)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", found[0], err, out)
	}
	return bin
}

func wantStatic(t *testing.T, binary string) {
	t.Helper()
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	libraries, err := file.ImportedLibraries()
	if len(libraries) > 0 || file.Section(".interp") != nil {
		t.Errorf("%s links %v at run time (%v); want a static binary", filepath.Base(binary), libraries, err)
	}
}

func run(t *testing.T, binary string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), binary, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", filepath.Base(binary), strings.Join(args, " "), err, out)
	}
}

func load(t *testing.T, text string) compose {
	t.Helper()
	var file compose
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) == 0 {
		t.Fatal("a Compose file without services")
	}
	return file
}

func yamlBlock(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "```yaml\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("the page has no yaml block")
	}
	return block
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
