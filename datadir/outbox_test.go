package datadir_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bilten/rushgate/datadir"
)

func TestTheLastOfEachNameIsWrittenOnceASecondAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := open(t, t.TempDir())
		outbox := datadir.NewOutbox(dir)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); outbox.Run(ctx) }()
		expect := func(when, name, want string) {
			t.Helper()
			if got, err := dir.Read(name); string(got) != want || want == "" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s %s is %q, %v; want %q", when, name, got, err, want)
			}
		}
		outbox.Put("a.json", []byte("old"))
		outbox.Put("a.json", []byte("new"))
		outbox.Put("b.json", []byte("there"))
		expect("at once", "a.json", "")
		time.Sleep(time.Second)
		synctest.Wait()
		expect("a second later", "a.json", "new")
		expect("a second later", "b.json", "there")
		outbox.Put("a.json", nil)
		outbox.Put("b.json", []byte("last"))
		stop()
		<-done
		expect("after the end", "a.json", "")
		expect("after the end", "b.json", "last")
	})
}

func TestWhatWasPutIsReadBeforeTheDiskHasIt(t *testing.T) {
	dir := open(t, t.TempDir())
	for _, name := range []string{"changed", "removed", "kept"} {
		if err := dir.Write(name, []byte("old")); err != nil {
			t.Fatal(err)
		}
	}
	outbox, none := datadir.NewOutbox(dir), datadir.NewOutbox(nil)
	outbox.Put("changed", []byte("new"))
	outbox.Put("removed", nil)
	none.Put("changed", []byte("new"))
	for name, want := range map[string]string{"changed": "new", "removed": "", "kept": "old", "never": ""} {
		if got := outbox.Read(name); string(got) != want {
			t.Errorf("Read(%s) = %q; want %q", name, got, want)
		}
		if got := none.Read(name); got != nil {
			t.Errorf("without a directory Read(%s) = %q; want nothing", name, got)
		}
	}
}
