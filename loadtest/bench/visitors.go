//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/bilten/rushgate/admission"
)

// visitor is what a browser has kept so far.
type visitor struct {
	browser   string // the cookie of the waiting page, as in "name=value"
	pass      string
	admission string
}

// line is everybody who has joined at one side, in the order of the answers.
type line struct {
	visitors []visitor
	claimed  int // the first so many have claimed
}

// newcomers are browsers that have seen the waiting page.
func (s *stage) newcomers(n int) []visitor {
	all := make([]visitor, n)
	for i := range all {
		var id admission.Browser
		_, _ = rand.Read(id[:]) // never fails; the process ends first
		all[i].browser = "rg_visitor=" + s.keys.SealBrowser(id)
	}
	return all
}

// join sends so many newcomers to the gateway and keeps their passes in l.
func (s *stage) join(ctx context.Context, l *line, connections, n int) (outcome, error) {
	fresh := s.newcomers(n)
	requests := make([][]byte, n)
	for i, v := range fresh {
		requests[i] = request(http.MethodPost, host, joinPath, v.browser)
	}
	o, err := load{
		address: s.gateway.address, connections: connections, requests: requests, count: n,
		answer: func(i int, head []byte) { fresh[i].pass = cookieIn(head, "rg_pass_"+eventID) },
	}.run(ctx)
	if err != nil {
		return o, err
	}
	for _, v := range fresh {
		if v.pass == "" {
			return o, fmt.Errorf("a join was answered without a pass")
		}
	}
	l.visitors = append(l.visitors, fresh...)
	return o, nil
}

// claim exchanges the turns of the next so many visitors of l.
func (s *stage) claim(ctx context.Context, l *line, connections, n int) (outcome, error) {
	next := l.visitors[l.claimed : l.claimed+n]
	requests := make([][]byte, n)
	for i, v := range next {
		requests[i] = request(http.MethodPost, host, claimPath, v.browser, v.pass)
	}
	l.claimed += n
	o, err := load{
		address: s.gateway.address, connections: connections, requests: requests, count: n,
		answer: func(i int, head []byte) { next[i].admission = cookieIn(head, "rg_adm_"+eventID) },
	}.run(ctx)
	if err != nil {
		return o, err
	}
	for _, v := range next {
		if v.admission == "" {
			return o, fmt.Errorf("a claim was answered without an admission")
		}
	}
	return o, nil
}

// polls are what so many of those in line send, one after the other.
func (l *line) polls(n int) [][]byte {
	requests := make([][]byte, 0, n)
	for _, v := range l.visitors[:min(n, len(l.visitors))] {
		requests = append(requests, request(http.MethodGet, host, statusPath, v.browser, v.pass))
	}
	return requests
}

// calledPatience is far more than it takes to call everybody.
const calledPatience = 30 * time.Second

// awaitCalls returns once everybody in the line has been called.
func (s *stage) awaitCalls(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, calledPatience)
	defer cancel()
	for {
		serving, issued, err := s.now(ctx, eventID)
		if err != nil {
			return err
		}
		if serving == issued && serving > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("of %d in the line %d were called: %w", issued, serving, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// now is how far an event's line is, by the gateway's public answer.
func (s *stage) now(ctx context.Context, id string) (serving, issued int64, err error) {
	var now struct {
		Lines map[string]struct{ Serving, Issued int64 }
	}
	body, err := fetch(ctx, "http://"+s.gateway.address+"/_rushgate/"+id+"/now")
	if err == nil {
		err = json.Unmarshal(body, &now)
	}
	return now.Lines["general"].Serving, now.Lines["general"].Issued, err
}

// fetch reads a small answer; url names an address, and our host is asked for there.
func fetch(ctx context.Context, url string, cookies ...string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Host = host
	r.Header.Set("Cookie", strings.Join(cookies, "; "))
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, answer.Status, bytes.TrimSpace(body))
	}
	return body, err
}
