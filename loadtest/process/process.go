// Package process starts other programs for a rehearsal or a measurement,
// waits until they answer, stops them, and says what they have cost.
package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Process is a program that we started, with its output in a file.
type Process struct {
	Name   string
	PID    int // and its process group: whatever it starts belongs to it
	output string
	exited chan struct{}
	cause  error // of the exit; read it after exited
}

// Start runs a program until it is stopped. What it prints goes to a file in
// dir. It returns exec.ErrNotFound, wrapped, for a program that is not installed.
func Start(dir, name, program string, args ...string) (*Process, error) {
	p := &Process{Name: name, output: filepath.Join(dir, name+".log"), exited: make(chan struct{})}
	log, err := os.Create(p.output)
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = log, log
	// Of its own group, so that a Ctrl-C at the terminal reaches us alone.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := errors.Join(command.Start(), log.Close()); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.PID = command.Process.Pid
	go func() {
		p.cause = command.Wait()
		close(p.exited)
	}()
	return p, nil
}

// stopPatience is how long a process may take to end by itself.
const stopPatience = 5 * time.Second

// Stop asks the process to end, and ends it if it does not.
func (p *Process) Stop() {
	_ = syscall.Kill(p.PID, syscall.SIGTERM)
	_ = syscall.Kill(p.PID, syscall.SIGCONT) // a paused process hears nothing
	select {
	case <-p.exited:
	case <-time.After(stopPatience):
		_ = syscall.Kill(-p.PID, syscall.SIGKILL)
		<-p.exited
	}
}

// Kill ends the process at once, as a crash does.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.PID, syscall.SIGKILL)
	<-p.exited
}

// Pause stops the process where it stands until Resume; it keeps its sockets.
func (p *Process) Pause() error { return syscall.Kill(p.PID, syscall.SIGSTOP) }

// Resume lets a paused process go on.
func (p *Process) Resume() error { return syscall.Kill(p.PID, syscall.SIGCONT) }

var errEnded = errors.New("before it was ready")

// startPatience is how long a process may take until it answers.
const startPatience = 20 * time.Second

// Await asks until the process is ready, has died, or patience is at an end.
func (p *Process) Await(ctx context.Context, ready func() error) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended by itself: %w\n%s", p.Name, errors.Join(errEnded, p.cause), p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.Name, err, p.Tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Tail is the end of what the process has printed.
func (p *Process) Tail() string {
	text, _ := os.ReadFile(p.output)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-10):], "\n  ")
}

// Output runs a program to its end and returns what it printed.
func Output(ctx context.Context, program string, args ...string) (string, error) {
	text, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, text)
	}
	return string(text), nil
}

// Accepts says that somebody listens at an address.
func Accepts(address string) func() error {
	return func() error {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	}
}

// Succeeds asks for a page; host is what the address bar says.
func Succeeds(ctx context.Context, url, host string) func() error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		request.Host = host
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, response.Status)
		}
		return nil
	}
}

// FreeAddress is an address on this machine that nobody listens on.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
