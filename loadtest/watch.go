package loadtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// Watch asks the organizer API for the room's numbers again and again until ctx
// is done, and writes them into h. Cap, liveness and the policy in force are
// judged by them. url is the event's live address, key an API key. It returns
// an error when it never got an answer: then nothing is judged by them.
func Watch(ctx context.Context, url, key string, every time.Duration, h *invariant.History) error {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	seen, last := false, errors.New("the run was over before the first answer")
	for {
		room, mode, at, err := describe(ctx, client, url, key)
		switch {
		case err == nil:
			if !announced(mode) { // else the numbers are old, or not whole yet
				h.Add(invariant.Ticked(invariant.At(at.UnixMicro()), room))
			}
			seen = true
		case ctx.Err() == nil:
			last = err
		}
		if sleep(ctx, every) {
			continue
		}
		if seen {
			return nil
		}
		return fmt.Errorf("nothing to judge the room by: %w", last)
	}
}

// describe reads one live answer: the room, its mode, and by which moment.
func describe(ctx context.Context, client *http.Client, url, key string) (invariant.Room, string, time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return invariant.Room{}, "", time.Time{}, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := client.Do(request)
	if err != nil {
		return invariant.Room{}, "", time.Time{}, err
	}
	defer func() { _ = response.Body.Close() }()
	var live struct {
		At                   time.Time
		Mode                 string
		InForce              int64 `json:"in_force"`
		Called, Active, Late int64
		Lines                []struct {
			Name             string
			Serving, Waiting int64
		}
	}
	if response.StatusCode != http.StatusOK {
		return invariant.Room{}, "", time.Time{}, fmt.Errorf("live numbers: %s", response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&live); err != nil {
		return invariant.Room{}, "", time.Time{}, fmt.Errorf("live numbers: %w", err)
	}
	room := invariant.Room{Version: live.InForce, Called: live.Called, Active: live.Active, Late: live.Late}
	for _, line := range live.Lines {
		room.Lines = append(room.Lines, invariant.Line{Name: line.Name, Serving: line.Serving, Waiting: line.Waiting})
	}
	return room, live.Mode, live.At, nil
}
