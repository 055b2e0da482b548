package main

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/bilten/rushgate/loadtest/command"
)

// The whole stage with a few: real gateways, a real redis-server.
func TestASmallMillionIsClean(t *testing.T) {
	if testing.Short() {
		t.Skip("builds rushgate and runs it")
	}
	var out bytes.Buffer
	args := []string{"-visitors", "600", "-admit", "200", "-per-minute", "6000", "-cap", "400", "-connections", "32", "-seconds", "120"}
	status, err := run(t.Context(), args, &out)
	if err != nil || status != 0 {
		t.Fatalf("run = %d, %v; want 0, nil\n%s", status, err, out.String())
	}
	for _, want := range []string{"600 joins, ", "bytes each", "clean: no broken promise, no lost place, 0 failures"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("run printed\n%s\nwant %q", out.String(), want)
		}
	}
}

func TestMoreThanItCanBoundIsRefused(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-connections", "2001"}, {"-visitors", "0"}, {"-visitors", "10", "-admit", "11"}, {"-gateway", "192.0.2.1:80"}} {
		if status, err := run(t.Context(), args, &out); err == nil || status != command.Failed || strings.Contains(out.String(), "building") {
			t.Errorf("run(%q) = %d, %v; want %d, an error, and no stage", args, status, err, command.Failed)
		}
	}
}

func TestAnswersAreRead(t *testing.T) {
	const place = `{"event":"rush","state":"waiting","line":"general","number":1234,"serving":1000,"ahead":233,"retry_after_ms":5200}`
	for _, test := range []struct {
		name string
		text string
		want string // what was read, or why not
	}{
		{"a place and its pass", "HTTP/1.1 200 OK\r\nContent-Length: 114\r\nSet-Cookie: rg_pass_rush=abc; Path=/; HttpOnly\r\n\r\n" + place, "200 waiting 1234 1000 233 5200 rg_pass_rush=abc"},
		{"an admission", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nset-cookie: rg=h.eyJqdGkiOiJ2LjEiLCJleHAiOjl9.s; Path=/\r\n\r\n{}", "v.1 9"},
		{"the waiting page", "HTTP/1.1 200 OK\r\nRushgate-State: waiting\r\nContent-Length: 0\r\n\r\n", "waits"},
		{"a page for people, in chunks", "HTTP/1.1 503 Service Unavailable\r\nRushgate-State: waiting\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n", "waits"},
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "does not know"},
		{"half an answer", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "EOF"},
	} {
		l := line{reader: bufio.NewReader(strings.NewReader(test.text))}
		var a answer
		err := l.read(&a)
		if got := describe(a, err); !strings.Contains(got, test.want) {
			t.Errorf("%s: read = %s; want %s", test.name, got, test.want)
		}
	}
}

func describe(a answer, err error) string {
	p := a.place
	return fmt.Sprintln(a.status, p.state, p.number, p.serving, p.ahead, p.retryMS, string(a.cookie), a.admission.session, a.admission.ends, map[bool]string{true: "waits"}[a.waits], err)
}
