package datadir_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bilten/rushgate/datadir"
)

func open(t *testing.T, path string) *datadir.Dir {
	t.Helper()
	d, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestOpen(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	for _, err := range []error{os.WriteFile(file, nil, 0o600), os.Mkdir(filepath.Join(base, "wide"), 0o700), os.Chmod(filepath.Join(base, "wide"), 0o777)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	open(t, filepath.Join(base, "taken"))
	for _, row := range []struct {
		says, path, want string
	}{
		{"one that is not there is made", "new/inner", ""},
		{"a file is none", "file", "cannot be made: not a directory"},
		{"one that anybody may write to", "wide", "mode 0777: anybody may write to it; want 0700"},
		{"one that a running gateway uses", "taken", "another process uses it"},
	} {
		path := filepath.Join(base, row.path)
		d, err := datadir.Open(path)
		if row.want == "" {
			info, statErr := os.Stat(path)
			if err != nil || statErr != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%s: Open() = %v, mode %v, %v; want it with 0700", row.says, err, info, statErr)
			}
			_ = d.Close()
			continue
		}
		if err == nil || err.Error() != path+": "+row.want {
			t.Errorf("%s: Open() = %v; want %s: %s", row.says, err, path, row.want)
		}
	}
}

func TestWhatIsWrittenIsReadByTheNextProcess(t *testing.T) {
	path := t.TempDir()
	first := open(t, path)
	if _, err := first.Read("a.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read(nothing) = %v; want fs.ErrNotExist", err)
	}
	for _, text := range []string{"old", "new"} {
		if err := first.Write("a.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(path, ".writing-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = first.Close()
	next := open(t, path)
	if data, err := next.Read("a.json"); err != nil || string(data) != "new" {
		t.Errorf("Read() = %q, %v; want what was written last", data, err)
	}
	if left, _ := filepath.Glob(filepath.Join(path, ".writing-*")); left != nil {
		t.Errorf("%v is left of a process that died; want it swept", left)
	}
	aside, err := next.SetAside("a.json")
	if err != nil || aside != filepath.Join(path, "a.json.unusable") {
		t.Errorf("SetAside() = %s, %v; want it beside", aside, err)
	}
	if _, err := next.Read("a.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read(set aside) = %v; want fs.ErrNotExist", err)
	}
	for range 2 {
		if err := next.Remove("a.json"); err != nil {
			t.Errorf("Remove() = %v; want nil, also when there is none", err)
		}
	}
}

func TestNamesStayInside(t *testing.T) {
	d := open(t, t.TempDir())
	for _, name := range []string{"", ".", "..", "../a", "a/b", ".lock", "A", "a\x00", "-a", strings.Repeat("a", 101)} {
		_, readErr := d.Read(name)
		_, asideErr := d.SetAside(name)
		for _, err := range []error{d.Write(name, nil), readErr, asideErr, d.Remove(name)} {
			if err == nil || !strings.HasPrefix(err.Error(), "file name ") {
				t.Errorf("a file named %q: %v; want it refused by name", name, err)
			}
		}
	}
}

func TestWritersAtOnceLeaveAWholeFile(t *testing.T) {
	d := open(t, t.TempDir())
	var group sync.WaitGroup
	for _, letter := range []string{"a", "b", "c", "d"} {
		group.Go(func() {
			for range 20 {
				if err := d.Write("x", []byte(strings.Repeat(letter, 10_000))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	data, err := d.Read("x")
	if err != nil || len(data) != 10_000 || strings.Trim(string(data), string(data[:1])) != "" {
		t.Errorf("Read() = %d bytes, %v; want one writer's", len(data), err)
	}
}

// F38: the disk is full. What was there stays; when there is room again all is well.
func TestAFullDiskKeepsWhatWasThere(t *testing.T) {
	path := t.TempDir()
	mount(t, path)
	d := open(t, path)
	if err := d.Write("a.json", []byte("good")); err != nil {
		t.Fatal(err)
	}
	err := d.Write("a.json", make([]byte, 2<<20))
	if err == nil || !strings.Contains(err.Error(), "a.json: no space left on device") {
		t.Errorf("Write(2 MB on 1 MB) = %v; want it to say that the disk is full", err)
	}
	if data, err := d.Read("a.json"); err != nil || string(data) != "good" {
		t.Errorf("Read() = %q, %v; want the file as it was", data, err)
	}
	if d.Failing() == nil || d.Failed() != 1 {
		t.Errorf("Failing() = %v, Failed() = %d; want the failure and its count", d.Failing(), d.Failed())
	}
	if left, _ := filepath.Glob(filepath.Join(path, ".writing-*")); left != nil {
		t.Errorf("%v is left; want no half files on a full disk", left)
	}
	if err := d.Write("a.json", []byte("better")); err != nil || d.Failing() != nil {
		t.Errorf("Write(small) = %v, Failing() = %v; want all well again", err, d.Failing())
	}
}

// mount puts a file system of 1 MB at path, which only root may.
func mount(t *testing.T, path string) {
	t.Helper()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", path).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", path).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
}
