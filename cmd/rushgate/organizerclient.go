package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// organizerClient speaks to the organizer API for one key.
type organizerClient struct {
	events string // …/v1/organizations/{org}/events
	key    string
	reason string
	http   *http.Client
}

const (
	organizerTimeout = 6 * time.Second // a second more than the API itself takes
	answerLimit      = 1 << 20         // bytes
)

// dialOrganizer asks the API whose key this is.
func dialOrganizer(ctx context.Context, base, key, reason string) (*organizerClient, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("--api: %q: must be a URL such as http://127.0.0.1:8081", base)
	}
	base = strings.TrimSuffix(base, "/") + "/v1/"
	client := &organizerClient{events: base, key: key, reason: reason, http: &http.Client{Timeout: organizerTimeout}}
	var who struct {
		Organization string `json:"organization"`
	}
	if _, err := client.do(ctx, http.MethodGet, "key", nil, &who); err != nil {
		return nil, err
	}
	client.events = base + "organizations/" + url.PathEscape(who.Organization) + "/events/"
	return client, nil
}

// refusal is the API's own word on a request, as opposed to no answer at all.
type refusal struct {
	Status int      `json:"status"`
	Code   string   `json:"code"`
	Detail string   `json:"detail"`
	Errors []string `json:"errors"`
}

func (r *refusal) Error() string {
	return strings.Join(append([]string{r.Detail}, r.Errors...), "\n  ")
}

// refused says that asking again will bring the same answer.
func refused(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.Status < http.StatusInternalServerError
}

// do sends a request and returns the event's version after it.
func (o *organizerClient) do(ctx context.Context, method, path string, body, answer any) (version string, err error) {
	var payload []byte
	if body != nil {
		if payload, err = json.Marshal(body); err != nil {
			return "", err
		}
	}
	return o.send(ctx, method, path, "application/json", payload, answer)
}

// send is do with a body as it is; nil: none.
func (o *organizerClient) send(ctx context.Context, method, path, kind string, payload []byte, answer any) (version string, err error) {
	response, err := o.open(ctx, method, path, kind, payload)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if answer != nil {
		data, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
		if err != nil {
			return "", fmt.Errorf("read the organizer API's answer: %w", err)
		}
		if err := json.Unmarshal(data, answer); err != nil {
			return "", fmt.Errorf("understand the organizer API's answer: %w", err)
		}
	}
	return strings.Trim(response.Header.Get("ETag"), `"`), nil
}

// copy writes an answer, however long, as it is.
func (o *organizerClient) copy(ctx context.Context, path string, to io.Writer) error {
	response, err := o.open(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(to, response.Body); err != nil {
		return fmt.Errorf("read the organizer API's answer: %w", err)
	}
	return nil
}

// open sends a request. An answer that is a refusal is an error; whoever gets
// another one closes its body.
func (o *organizerClient) open(ctx context.Context, method, path, kind string, payload []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, o.events+path, bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+o.key)
	if payload != nil {
		request.Header.Set("Content-Type", kind)
	}
	if o.reason != "" {
		request.Header.Set("Rushgate-Reason", o.reason)
	}
	response, err := o.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("reach the organizer API: %w", err)
	}
	if response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return nil, fmt.Errorf("read the organizer API's answer: %w", err)
	}
	refusal := &refusal{Status: response.StatusCode, Detail: response.Status}
	_ = json.Unmarshal(data, refusal) // not ours: its status is all there is
	return nil, refusal
}
