package datadir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// MaxFile is the largest file that Read takes, in bytes.
const MaxFile = 64 << 20

const (
	lockName   = ".lock"
	tempPrefix = ".writing-"
	asideAfter = ".unusable"
)

// ErrInUse says that another process has the directory open.
var ErrInUse = errors.New("another process uses it")

// Dir is an open data directory. Its methods may be called by many goroutines;
// of two writes to one name at a time either may remain.
type Dir struct {
	path string
	lock *os.File

	mu      sync.Mutex
	failing map[string]error // by name; of the last write, if it failed
	failed  int64
}

// Open makes the directory with mode 0700, or takes one that nobody but its
// owner and group may write to, and keeps other processes out of it until Close.
// The error names the path.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("%s: cannot be made: %w", path, plain(err))
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, plain(err))
	}
	if info.Mode().Perm()&0o002 != 0 {
		return nil, fmt.Errorf("%s: mode %04o: anybody may write to it; want 0700", path, info.Mode().Perm())
	}
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be written to: %w", path, plain(err))
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	d := &Dir{path: path, lock: lock, failing: map[string]error{}}
	d.sweep()
	return d, nil
}

// sweep removes what a process left that died while it wrote.
func (d *Dir) sweep() {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return // Read will say so
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), tempPrefix) {
			_ = os.Remove(filepath.Join(d.path, entry.Name()))
		}
	}
}

// Close lets other processes in. Nothing is written after it.
func (d *Dir) Close() error { return d.lock.Close() }

var safeName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`)

func (d *Dir) file(name string) (string, error) {
	if !safeName.MatchString(name) {
		return "", fmt.Errorf("file name %q: want 1 to 100 of a-z, 0-9, '.', '_' and '-', a letter or digit first", name)
	}
	return filepath.Join(d.path, name), nil
}

// Write replaces the file: after a crash it is the old or the new one as a
// whole. It returns when the disk has it, which may take long: never call it
// where a visitor waits. An error leaves the old file.
func (d *Dir) Write(name string, data []byte) error {
	file, err := d.file(name)
	if err != nil {
		return err
	}
	err = d.replace(file, data)
	if err != nil {
		err = fmt.Errorf("write %s: %w", file, plain(err))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.failed++
		d.failing[name] = err
	} else {
		delete(d.failing, name)
	}
	return err
}

func (d *Dir) replace(file string, data []byte) (err error) {
	temp, err := os.CreateTemp(d.path, tempPrefix) // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err = os.Rename(temp.Name(), file); err != nil {
		return err
	}
	return syncDir(d.path)
}

// syncDir makes a rename last.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Read returns the file; fs.ErrNotExist if there is none.
func (d *Dir) Read(name string) ([]byte, error) {
	file, err := d.file(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, plain(err))
	}
	if len(data) > MaxFile {
		return nil, fmt.Errorf("read %s: larger than %d bytes", file, MaxFile)
	}
	return data, nil
}

// Remove removes the file; none is no error.
func (d *Dir) Remove(name string) error {
	file, err := d.file(name)
	if err != nil {
		return err
	}
	d.mu.Lock()
	delete(d.failing, name)
	d.mu.Unlock()
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", file, plain(err))
	}
	return nil
}

// SetAside takes a file that cannot be used out of the way, for people to look
// at, and returns where it is now. It replaces what was set aside before.
func (d *Dir) SetAside(name string) (string, error) {
	file, err := d.file(name)
	if err != nil {
		return "", err
	}
	if err := os.Rename(file, file+asideAfter); err != nil {
		return "", fmt.Errorf("set %s aside: %w", file, plain(err))
	}
	return file + asideAfter, nil
}

// Failing is why files are not as their writers wanted them, nil if all are.
func (d *Dir) Failing() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(d.failing)) {
		errs = append(errs, d.failing[name])
	}
	return errors.Join(errs...)
}

// Failed counts the writes that failed.
func (d *Dir) Failed() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// plain leaves the path out of an error that names it already.
func plain(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}
