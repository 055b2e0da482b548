package main

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

// process is a program that we started, with its output in a file.
type process struct {
	name   string
	output string
	pid    int
	exited chan struct{}
	cause  error // of the exit; read it after exited
}

// start runs a program until it is stopped.
func start(dir, name, program string, args ...string) (*process, error) {
	p := &process{name: name, output: filepath.Join(dir, name+".log"), exited: make(chan struct{})}
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
	p.pid = command.Process.Pid
	go func() {
		p.cause = command.Wait()
		close(p.exited)
	}()
	return p, nil
}

// stopPatience is how long a process may take to end by itself.
const stopPatience = 5 * time.Second

func (p *process) stop() {
	_ = syscall.Kill(p.pid, syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(stopPatience):
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
		<-p.exited
	}
}

var errEnded = errors.New("before it was ready")

// startPatience is how long a process may take until it answers.
const startPatience = 20 * time.Second

// await asks until the process is ready, has died, or patience is at an end.
func (p *process) await(ctx context.Context, ready func() error) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended by itself: %w\n%s", p.name, errors.Join(errEnded, p.cause), p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, err, p.tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// tail is the end of what the process has written.
func (p *process) tail() string {
	text, _ := os.ReadFile(p.output)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-10):], "\n  ")
}

func accepts(address string) func() error {
	return func() error {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	}
}

// succeeds asks for a page; host is what the address bar says.
func succeeds(ctx context.Context, url, host string) func() error {
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

// freeAddress is an address on this machine that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
