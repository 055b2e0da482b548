package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// F37: a crowd of idle connections takes all the descriptors that it can get, and
// who is admitted goes on, with new connections to shop and Redis. When the crowd
// goes, others come in again.
func TestACrowdOfConnectionsLeavesTheAdmittedTheirs(t *testing.T) {
	t.Parallel()
	file, _ := install(t)
	command := exec.Command("sh", "-c", `ulimit -n 200 && exec rushgate serve --config "$0"`, file)
	logged, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Signal(syscall.SIGTERM); _ = command.Wait() })
	gateway := ""
	for lines := bufio.NewScanner(logged); gateway == "" && lines.Scan(); {
		var line struct{ Msg, Listener, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" && line.Listener == "gateway" {
			gateway = line.URL
		}
	}
	go func() { _, _ = io.Copy(io.Discard, logged) }()

	jar, _ := cookiejar.New(nil)
	admitted := &http.Client{Jar: jar, Timeout: 5 * time.Second, Transport: &http.Transport{MaxConnsPerHost: 1}}
	buys := func(client *http.Client) bool {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway+"/spring/buy", nil)
		request.Header.Set("Accept", "text/html")
		answer, err := client.Do(request)
		if err != nil {
			return false
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		return string(body) == "shop"
	}
	eventually(t, "somebody is in", func() bool { return buys(admitted) })

	var crowd []net.Conn
	for range 300 {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(gateway, "http://"), time.Second)
		if err != nil {
			break // the kernel's queue is full, too
		}
		crowd = append(crowd, conn)
	}
	// Longer than an idle connection to the shop is kept: it must be dialled anew.
	for until := time.Now().Add(6 * time.Second); time.Now().Before(until); time.Sleep(5500 * time.Millisecond) {
		if !buys(admitted) {
			t.Errorf("F37 the admitted visitor is refused beside %d idle connections", len(crowd))
		}
	}
	for _, conn := range crowd {
		_ = conn.Close()
	}
	eventually(t, "F37 others come in again", func() bool { return buys(&http.Client{Timeout: time.Second}) })
}
