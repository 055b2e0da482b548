package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bilten/rushgate/loadtest"
)

// aim is where an attack goes.
type aim struct {
	gateways []string // base URLs; the attack takes them in turn
	host     string   // in the address bar; empty: as in the URL
	event    string
	visitors int
}

var errFar = errors.New("is not this machine; if you may put load on it, name it in MAY_LOAD")

// readAim refuses a gateway on another machine that is not named a second time.
func readAim(getenv func(string) string) (aim, error) {
	or := func(name, otherwise string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return otherwise
	}
	a := aim{host: getenv("TARGET_HOST"), event: or("TARGET_EVENT", "demo")}
	for gateway := range strings.SplitSeq(or("TARGET", "http://127.0.0.1:8080"), ",") {
		host, err := loadtest.HostOf(gateway)
		if err != nil {
			return a, fmt.Errorf("TARGET: %w", err)
		}
		if !loadtest.Local(gateway) && !slices.Contains(strings.Split(strings.ToLower(getenv("MAY_LOAD")), ","), host) {
			return a, fmt.Errorf("TARGET: %s %w", host, errFar)
		}
		a.gateways = append(a.gateways, strings.TrimSuffix(gateway, "/"))
	}
	visitors := or("VISITORS", "500")
	var err error
	if a.visitors, err = strconv.Atoi(visitors); err != nil || a.visitors < 1 {
		return a, fmt.Errorf("VISITORS=%s: want a number, 1 or more", visitors)
	}
	return a, nil
}

// target is one line of what vegeta reads with -format=json.
type target struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header"`
}

// print writes the targets. Each visitor's place is asked for at every gateway,
// whichever gave it.
func (a aim) print(ctx context.Context, out io.Writer, what string) error {
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	visitors := 1
	if what == "status" {
		visitors = a.visitors
	}
	lines := json.NewEncoder(out)
	for i := range visitors {
		header := http.Header{"Accept": {"application/json"}}
		if a.host != "" {
			header.Set("Host", a.host)
		}
		if what == "status" {
			cookies, err := a.join(ctx, client, a.gateways[i%len(a.gateways)])
			if err != nil {
				return fmt.Errorf("visitor %d of %d: %w", i+1, visitors, err)
			}
			header.Set("Cookie", cookies)
		}
		for _, gateway := range a.gateways {
			if err := lines.Encode(target{http.MethodGet, gateway + "/_rushgate/" + a.event + "/" + what, header}); err != nil {
				return err
			}
		}
	}
	return nil
}

var errNoPlace = errors.New("join gave no place")

// join takes a place for a new visitor and returns the cookies that hold it.
func (a aim) join(ctx context.Context, client *http.Client, gateway string) (string, error) {
	url := gateway + "/_rushgate/" + a.event + "/join"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewBufferString("{}"))
	if err != nil {
		return "", err
	}
	request.Host = a.host
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	var place struct {
		State string `json:"state"`
		Code  string `json:"code"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&place)
	var pairs []string
	for _, c := range response.Cookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	if err != nil || place.State != "waiting" || len(pairs) == 0 {
		return "", fmt.Errorf("%w to wait in: %s, %s", errNoPlace, response.Status, place.State+place.Code)
	}
	return strings.Join(pairs, "; "), nil
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10
