package keepsake_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bilten/rushgate/datadir"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/event/catalog/keepsake"
)

var clerk = catalog.Author{Name: "box office"}

// process is one life of a gateway: catalog, directory, log.
type process struct {
	*catalog.Catalog
	dir   *datadir.Dir
	known bool
	log   *journal
	stop  func()
}

// journal is a log that many may write to.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) count(words string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), words)
}

// begin starts a process that has a store of its own, which is empty.
func begin(t *testing.T, path string) *process {
	t.Helper()
	dir, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{dir: dir, log: &journal{}}
	log := slog.New(slog.NewTextHandler(p.log, nil))
	held, known := keepsake.Read(dir, time.Now(), log)
	p.known = known
	if p.Catalog, err = catalog.New(catalog.NewMemory(), map[string][]string{"globe": {"globe.example"}}, nil, time.Now); err != nil {
		t.Fatal(err)
	}
	if known {
		p.Recall(held)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { keepsake.Keeper{Dir: dir, Catalog: p.Catalog, Now: time.Now, Log: log}.Run(ctx) })
	p.stop = sync.OnceFunc(func() { cancel(); running.Wait(); _ = dir.Close() })
	t.Cleanup(p.stop)
	return p
}

func (p *process) put(t *testing.T, id, title string) {
	t.Helper()
	definition := fmt.Appendf(nil, `{"id":%q,"organization":"globe","routes":[{"host":"globe.example","path":"/%s/**"}],
		"room":{"total_active_users":100,"new_users_per_minute":60},"page":{"title":%q}}`, id, id, title)
	if _, err := p.Put(t.Context(), "globe", id, definition, catalog.AnyVersion, clerk); err != nil {
		t.Fatal(err)
	}
}

func (p *process) events(t *testing.T) int {
	t.Helper()
	view, err := p.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(view.Records)
}

func TestALoneGatewayKeepsItsEventsAcrossARestart(t *testing.T) {
	path := t.TempDir()
	first := begin(t, path)
	first.put(t, "hamlet", "Hamlet")
	paused, err := first.Patch(t.Context(), "globe", "hamlet", []byte(`{"room":{"paused":true}}`), catalog.AnyVersion, clerk)
	if err != nil {
		t.Fatal(err)
	}
	first.stop()
	next := begin(t, path)
	found, err := next.Find(t.Context(), "globe", "hamlet")
	if err != nil || !found.Event.Room.Paused || found.Version != paused.Version {
		t.Errorf("Find(hamlet) after a restart = %+v, %v; want it paused at version %d", found, err, paused.Version)
	}
}

func TestAFileThatCannotBeUsedIsNamedAndSetAside(t *testing.T) {
	for _, row := range []struct{ says, text, want string }{
		{"cut short", `{"schema":1,"revi`, "not readable"},
		{"empty", ``, "not readable"},
		{"something else", `[1,2]`, "not readable"},
		{"of a newer version", `{"schema":2,"lines":[]}`, "schema 2: this version reads 1"},
		{"a field of another kind", `{"schema":1,"revision":"many"}`, "not readable"},
		{"of no revision", `{"schema":1,"seen_at":"2999-01-01T00:00:00Z","documents":{}}`, "revision 0: want at least 1"},
		{"so old that deletions are forgotten", `{"schema":1,"seen_at":"2020-01-01T00:00:00Z","revision":4}`, "last in use on 2020-01-01: deletions are remembered for 90 days only"},
	} {
		path := t.TempDir()
		file := filepath.Join(path, "catalog.json")
		if err := os.WriteFile(file, []byte(row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := begin(t, path)
		if p.known || p.log.count(row.want) != 1 || p.log.count(file+".unusable") != 1 {
			t.Errorf("%s: known %t, log %s; want it refused with %q and where it is now", row.says, p.known, p.log.text.String(), row.want)
		}
		if kept, err := os.ReadFile(file + ".unusable"); err != nil || string(kept) != row.text {
			t.Errorf("%s: set aside as %q, %v; want it unchanged", row.says, kept, err)
		}
		p.put(t, "hamlet", "Hamlet")
		if p.events(t) != 1 {
			t.Errorf("%s: the gateway does not work without it", row.says)
		}
		p.stop()
	}
}

// F38: the disk of the data directory is full in the sale hour.
func TestAFullDiskChangesNothingElse(t *testing.T) {
	path := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", path).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", path).Run() })
	p := begin(t, path)
	p.put(t, "hamlet", "kept")
	eventually(t, "the first event is kept", func() bool { _, err := p.dir.Read("catalog.json"); return err == nil })
	filler := filepath.Join(path, "filler")
	_ = os.WriteFile(filler, make([]byte, 2<<20), 0o600) // as much as fits
	for i := range 20 {
		p.put(t, "hamlet", fmt.Sprint("title ", i))
	}
	eventually(t, "the full disk is noticed", func() bool { return p.dir.Failing() != nil })
	p.put(t, "lear", "made on a full disk")
	if p.events(t) != 2 {
		t.Error("an event made on a full disk is not there; want the catalog to go on")
	}
	if n := p.log.count("cannot be kept on disk"); n != 1 {
		t.Errorf("the full disk is logged %d times; want once", n)
	}
	if err := p.dir.Failing(); !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("Failing() = %v; want it to say that the disk is full", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	p.put(t, "lear", "made with room again")
	eventually(t, "it is kept again", func() bool { return p.dir.Failing() == nil && p.log.count("kept on disk again") == 1 })
	p.stop()
	if next := begin(t, path); next.events(t) != 2 {
		t.Error("the next process does not know both events")
	} else {
		next.stop()
	}
}

// eventually polls with a deadline far above what a disk takes.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 10 s", what)
		}
		<-time.After(time.Millisecond)
	}
}
