package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"sync"
	"time"
)

// trickle is the demo's crowd: each visitor comes like a browser, takes a place,
// waits for the turn, looks at the tickets for a few seconds, leaves, buying only
// if told to, and is followed by the next.
//
// With one admission a second, a newcomer waits as many seconds as the crowd is
// larger than those who are inside at the moment (Little's law).
type trickle struct {
	gateway, buy, event string
	size                int  // how many visitors at a time
	buys                bool // until nothing is left
	log                 *slog.Logger
}

// crowdFor is the size that makes a newcomer wait about so long.
func crowdFor(wait time.Duration) int {
	return int((wait + (lookAtLeast+lookAtMost)/2) / time.Second)
}

const (
	arriveOver  = time.Second     // so that the first do not come as one
	lookAtLeast = 4 * time.Second // at the tickets
	lookAtMost  = 8 * time.Second
	afterFault  = 2 * time.Second
	comeBackIn  = 2 * time.Second
	visitorWait = 10 * time.Second // for any answer
)

// run keeps the crowd going until ctx ends.
func (t trickle) run(ctx context.Context) {
	transport := &http.Transport{MaxIdleConnsPerHost: t.size}
	defer transport.CloseIdleConnections()
	began := time.Now()
	var crowd sync.WaitGroup
	for i := range t.size {
		crowd.Go(func() {
			pause(ctx, arriveOver*time.Duration(i)/time.Duration(t.size))
			for ctx.Err() == nil {
				if i%tideShare == 0 {
					untilFlood(ctx, time.Since(began))
				}
				if err := t.visit(ctx, transport); err != nil && ctx.Err() == nil {
					t.log.Debug("simulated visitor gave up", "err", err)
					pause(ctx, afterFault)
				}
			}
		})
	}
	crowd.Wait()
}

// One visitor in tideShare stays away in the second half of each tide, so that the
// line grows and shrinks, and prices that follow it rise and fall.
const (
	tideShare = 4
	tide      = 4 * time.Minute
)

func untilFlood(ctx context.Context, since time.Duration) {
	if into := since % tide; into >= tide/2 {
		pause(ctx, tide-into)
	}
}

// visit is one visitor's way, from arriving to leaving. Who meets a room that is
// being switched off comes back later: it goes off when nobody waits any more,
// and a crowd that never ends would keep it on.
func (t trickle) visit(ctx context.Context, transport http.RoundTripper) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v := simulated{trickle: t, browser: &http.Client{Transport: transport, Jar: jar, Timeout: visitorWait}}
	arrived, err := v.ask(ctx, http.MethodGet, t.buy, "text/html")
	if err != nil {
		return err
	}
	if arrived.waits {
		room, err := v.ask(ctx, http.MethodGet, v.own("now"), jsonType)
		if err == nil && room.place.Mode == "draining" {
			pause(ctx, comeBackIn)
			return nil
		}
		if err := v.queue(ctx); err != nil {
			return err
		}
	}
	pause(ctx, lookAtLeast+rand.N(lookAtMost-lookAtLeast))
	if t.buys {
		if err := v.purchase(ctx); err != nil {
			return err
		}
	}
	_, err = v.ask(ctx, http.MethodPost, v.own("leave"), jsonType)
	return err
}

// simulated is a visitor with cookies of their own.
type simulated struct {
	trickle
	browser *http.Client
}

const jsonType = "application/json"

func (t trickle) own(call string) string { return t.gateway + "/_rushgate/" + t.event + "/" + call }

// queue joins and waits until the tickets can be seen.
func (v simulated) queue(ctx context.Context) error {
	told, err := v.ask(ctx, http.MethodPost, v.own("join"), jsonType)
	for err == nil && ctx.Err() == nil {
		switch told.place.State {
		case "admitted":
			_, err := v.ask(ctx, http.MethodGet, v.buy, "text/html")
			return err
		case "turn":
			told, err = v.ask(ctx, http.MethodPost, v.own("claim"), jsonType)
			if told.status == http.StatusTooManyRequests {
				pause(ctx, told.after)
				told.place.State = "turn"
			}
		case "waiting", "paused", "sold_out":
			pause(ctx, told.after)
			told, err = v.ask(ctx, http.MethodGet, v.own("status"), jsonType)
		default:
			return fmt.Errorf("state %q, status %d", told.place.State, told.status)
		}
	}
	return err
}

// told is an answer of the gateway.
type told struct {
	status int
	waits  bool // the waiting page came instead of the shop's
	place  struct {
		State        string `json:"state"`
		Mode         string `json:"mode"`
		RetryAfterMS int64  `json:"retry_after_ms"`
	}
	after time.Duration // when to ask again
}

func (v simulated) ask(ctx context.Context, method, url, accept string) (told, error) {
	var body io.Reader
	if method == http.MethodPost {
		body = bytes.NewReader([]byte("{}"))
	}
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return told{}, err
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("User-Agent", "rushgate-demo-visitor")
	if body != nil {
		request.Header.Set("Content-Type", jsonType)
	}
	response, err := v.browser.Do(request)
	if err != nil {
		return told{}, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return told{}, err
	}
	t := told{status: response.StatusCode, waits: response.Header.Get("Rushgate-State") != ""}
	if accept == jsonType {
		_ = json.Unmarshal(data, &t.place) // no place: its state stays empty
	}
	t.after = time.Duration(t.place.RetryAfterMS) * time.Millisecond
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && t.after == 0 {
		t.after = time.Duration(seconds) * time.Second
	}
	return t, nil
}

// pause waits, or stops waiting when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(max(d, 50*time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
