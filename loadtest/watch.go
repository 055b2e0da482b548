package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// Watch asks the organizer API for the room's numbers again and again until ctx
// is done, and writes them into h. Cap, liveness and the policy in force are
// judged by them. url is the event's live address, key an API key. It returns
// how many descriptions it got, and the last error if there was one.
func Watch(ctx context.Context, url, key string, every time.Duration, h *invariant.History) (int, error) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	seen := 0
	var last error
	for {
		room, at, err := describe(ctx, client, url, key)
		if ctx.Err() != nil {
			return seen, last
		}
		if err != nil {
			last = err
		} else {
			h.Add(invariant.Ticked(invariant.At(at.UnixMicro()), room))
			seen++
		}
		sleep(ctx, every)
	}
}

// describe reads one live answer.
func describe(ctx context.Context, client *http.Client, url, key string) (invariant.Room, time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return invariant.Room{}, time.Time{}, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := client.Do(request)
	if err != nil {
		return invariant.Room{}, time.Time{}, err
	}
	defer func() { _ = response.Body.Close() }()
	var live struct {
		At                   time.Time
		InForce              int64 `json:"in_force"`
		Called, Active, Late int64
		Lines                []struct {
			Name             string
			Serving, Waiting int64
		}
	}
	if response.StatusCode != http.StatusOK {
		return invariant.Room{}, time.Time{}, fmt.Errorf("live numbers: %s", response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&live); err != nil {
		return invariant.Room{}, time.Time{}, fmt.Errorf("live numbers: %w", err)
	}
	room := invariant.Room{Version: live.InForce, Called: live.Called, Active: live.Active, Late: live.Late}
	for _, line := range live.Lines {
		room.Lines = append(room.Lines, invariant.Line{Name: line.Name, Serving: line.Serving, Waiting: line.Waiting})
	}
	return room, live.At, nil
}
