package main

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest/stage"
)

// weigh asks every gateway again and again what it takes of the machine. One
// that does not answer is not weighed.
func weigh(ctx context.Context, doors []*stage.Gateway, h *invariant.History) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for pause(ctx, time.Second) == nil {
		for _, door := range doors {
			if w, err := scrape(ctx, client, door.Ops); err == nil {
				h.Add(invariant.Weighed(invariant.At(time.Now().UnixMicro()), door.Name, w))
			}
		}
	}
}

func scrape(ctx context.Context, client *http.Client, ops string) (invariant.Weight, error) {
	var w invariant.Weight
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+ops+"/metrics", http.NoBody)
	if err != nil {
		return w, err
	}
	response, err := client.Do(request)
	if err != nil {
		return w, err
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		switch name {
		case "process_resident_memory_bytes":
			w.Resident = int64(value)
		case "process_open_fds":
			w.Descriptors = int64(value)
		case "go_goroutines":
			w.Goroutines = int64(value)
		}
	}
	return w, lines.Err()
}
