//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// load is requests that one thread sends over connections that stay open. It
// speaks HTTP/1.1 through epoll by itself: net/http's client would cost more
// than most of what is measured here, on the same two cores.
type load struct {
	address     string
	connections int
	requests    [][]byte // in turn, and again from the first when they run out
	count       int
	perSecond   float64                  // 0: each connection asks as soon as it was answered
	answer      func(i int, head []byte) // sees the head of the i-th request's answer; may be nil
}

// outcome is what came of a load: every request was answered with 200.
type outcome struct {
	requests int
	took     time.Duration
	waits    []time.Duration // from when a request was due until its answer was there
}

const (
	maxAnswer = 16 << 10 // bytes: more than any answer measured here
	stalled   = 10 * time.Second
)

var errStalled = errors.New("nothing was answered for " + stalled.String())

// sender is a load under way.
type sender struct {
	load
	epoll, timer int
	conns        []*conn
	idle         []*conn // that wait for the next request to be due
	sent, done   int
	began        time.Time
	waits        []time.Duration
}

// conn is a connection and the request that is on it.
type conn struct {
	fd      int
	request int
	due     time.Duration // since the beginning
	answer  [maxAnswer]byte
	have    int
}

// run sends everything and waits for the last answer.
func (l load) run(ctx context.Context) (outcome, error) {
	s := &sender{load: l, epoll: -1, timer: -1, waits: make([]time.Duration, 0, l.count)}
	defer s.close()
	if err := s.open(); err != nil {
		return outcome{}, fmt.Errorf("connect to %s: %w", l.address, err)
	}
	if err := s.work(ctx); err != nil {
		return outcome{}, fmt.Errorf("load on %s, after %d answers: %w", l.address, s.done, err)
	}
	return outcome{requests: l.count, took: time.Since(s.began), waits: s.waits}, nil
}

func (s *sender) open() (err error) {
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if s.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return err
	}
	const timer = -1
	if err := s.watch(s.timer, timer); err != nil {
		return err
	}
	address, err := netip.ParseAddrPort(s.address)
	if err != nil {
		return err
	}
	for i := range s.connections {
		fd, err := dial(address)
		if err != nil {
			return err
		}
		s.conns = append(s.conns, &conn{fd: fd})
		if err := s.watch(fd, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *sender) watch(fd, as int) error {
	return unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(as)}) //nolint:gosec // hundreds of connections at most
}

func dial(to netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	err = errors.Join(
		unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetNonblock(fd, true),
	)
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (s *sender) close() {
	for _, c := range s.conns {
		_ = unix.Close(c.fd)
	}
	_, _ = unix.Close(s.epoll), unix.Close(s.timer)
}

func (s *sender) work(ctx context.Context) error {
	s.began = time.Now()
	s.idle = append(s.idle, s.conns...)
	if err := s.sendDue(); err != nil {
		return err
	}
	events := make([]unix.EpollEvent, len(s.conns)+1)
	for s.done < s.count {
		n, err := unix.EpollWait(s.epoll, events, int(stalled.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case n == 0:
			return errStalled
		}
		for _, e := range events[:n] {
			if e.Fd < 0 {
				err = s.rang()
			} else {
				err = s.receive(s.conns[e.Fd])
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sendDue sends what is due on connections that are idle. With one left it sets
// the timer to the next; without, the next answer will come back here.
func (s *sender) sendDue() error {
	now := time.Since(s.began)
	for s.sent < s.count && len(s.idle) > 0 {
		due := now
		if s.perSecond > 0 {
			due = time.Duration(float64(s.sent) / s.perSecond * float64(time.Second))
			if due > now {
				return s.wakeIn(due - now)
			}
		}
		last := len(s.idle) - 1
		c := s.idle[last]
		s.idle = s.idle[:last]
		c.request, c.due, c.have = s.sent, due, 0
		s.sent++
		request := s.requests[c.request%len(s.requests)]
		if n, err := unix.Write(c.fd, request); err != nil || n < len(request) {
			return fmt.Errorf("wrote %d of %d bytes: %w", n, len(request), err)
		}
	}
	return nil
}

func (s *sender) wakeIn(d time.Duration) error {
	return unix.TimerfdSettime(s.timer, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}, nil)
}

func (s *sender) rang() error {
	var times [8]byte
	if _, err := unix.Read(s.timer, times[:]); err != nil && !errors.Is(err, unix.EAGAIN) {
		return err
	}
	return s.sendDue()
}

var (
	errHungUp = errors.New("the server hung up")
	errStatus = errors.New("not answered with 200")
)

func (s *sender) receive(c *conn) error {
	n, err := unix.Read(c.fd, c.answer[c.have:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return err
	case n == 0:
		return fmt.Errorf("%w, with this of an answer: %q", errHungUp, c.answer[:c.have])
	}
	c.have += n
	head, size, err := measure(c.answer[:c.have])
	switch {
	case err != nil:
		return err
	case size == 0 || c.have < size:
		return nil
	case !ok(c.answer[:head]) || c.have > size:
		return fmt.Errorf("%w: %q", errStatus, c.answer[:c.have])
	}
	s.waits = append(s.waits, time.Since(s.began)-c.due)
	s.done++
	if s.answer != nil {
		s.answer(c.request, c.answer[:head])
	}
	s.idle = append(s.idle, c)
	return s.sendDue()
}

var (
	endOfHead     = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
	okLine        = []byte("HTTP/1.1 200 ")

	errLength = errors.New("an answer without a Content-Length")
	errLarge  = errors.New("an answer larger than a bench reads")
)

// measure returns the length of an answer's head, and of all of it; 0 as long
// as the head is not complete.
func measure(text []byte) (head, size int, err error) {
	end := bytes.Index(text, endOfHead)
	if end < 0 {
		return 0, 0, nil
	}
	head = end + len(endOfHead)
	_, rest, found := bytes.Cut(text[:head], contentLength)
	digits, _, _ := bytes.Cut(rest, endOfHead[:2])
	length, err := strconv.Atoi(string(digits))
	if !found || err != nil || length < 0 {
		return 0, 0, fmt.Errorf("%w: %q", errLength, text[:head])
	}
	if head+length > maxAnswer {
		return 0, 0, fmt.Errorf("%w: %d bytes", errLarge, head+length)
	}
	return head, head + length, nil
}

func ok(head []byte) bool { return bytes.HasPrefix(head, okLine) }
