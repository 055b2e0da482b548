package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/loadtest"
)

// secretVariable holds the pool's secret for instances that announce themselves.
const secretVariable = "SCALE_SECRET"

// instance is one process of the shop.
type instance struct {
	listen   string
	announce string // URL; empty: the operator's file names it
}

// heartbeat is well within the pool's ttl.
const heartbeat = time.Second

// serve is the instance's life: it answers visitors, gently or slowly, and says
// where it is.
func (i instance) serve(ctx context.Context, secret string) error {
	var delay atomic.Int64 // ns that every page takes
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "well\n") })
	mux.HandleFunc("POST /slow/{delay}", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.PathValue("delay"))
		if err != nil || d < 0 {
			http.Error(w, "want a duration, as in 2s", http.StatusBadRequest)
			return
		}
		delay.Store(int64(d))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Duration(delay.Load())):
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		if strings.HasSuffix(r.URL.Path, loadtest.Done) {
			w.Header().Set("Rushgate-Command", "complete")
		}
		_, _ = io.WriteString(w, "<!doctype html><title>Seats</title><p>Here you buy.</p>\n")
	})
	server := &http.Server{Addr: i.listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	if i.announce != "" {
		go i.announceAlways(ctx, secret)
	}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (i instance) announceAlways(ctx context.Context, secret string) {
	client := &http.Client{Timeout: heartbeat}
	for {
		if err := i.announceOnce(ctx, client, secret); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "announce:", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(heartbeat):
		}
	}
}

func (i instance) announceOnce(ctx context.Context, client *http.Client, secret string) error {
	body := strings.NewReader(fmt.Sprintf(`{"address": "http://%s"}`, i.listen))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, i.announce, body)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 500))
		return fmt.Errorf("%s: %s", answer.Status, text)
	}
	return nil
}
