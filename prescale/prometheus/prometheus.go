// Package prometheus is for asking a Prometheus what a metric is now. An answer
// is one number or a named reason why there is none: nothing measured is never 0.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/bilten/rushgate/prescale/fault"
)

var (
	// ErrNothing is of a query that matches no series.
	ErrNothing = fault.Open(errors.New("the query matches nothing"))
	// ErrMany is of a query that matches several: which one is meant?
	ErrMany = fault.Open(errors.New("the query matches more than one series: sum or select"))
	// ErrKind is of a query whose answer is a range or a text.
	ErrKind = fault.Open(errors.New("the query's answer is no single number"))
)

const (
	answerLimit = 1 << 20 // bytes
	tokenLimit  = 16 << 10
)

// Config says where to ask.
type Config struct {
	URL       string        // of the API, without /api/v1
	TokenFile string        // bearer token, read for each query; empty: none
	Timeout   time.Duration // of one query
}

// Client asks one Prometheus.
type Client struct {
	api     v1.API
	timeout time.Duration
}

// New returns a client. Nothing is sent yet.
func New(c Config) (*Client, error) {
	client, err := api.NewClient(api.Config{Address: c.URL, RoundTripper: &guarded{c.TokenFile, &http.Transport{
		ResponseHeaderTimeout: c.Timeout, TLSHandshakeTimeout: c.Timeout, MaxIdleConns: 4, IdleConnTimeout: time.Minute,
		MaxResponseHeaderBytes: 16 << 10,
	}}})
	if err != nil {
		return nil, fmt.Errorf("build a Prometheus client: %w", err)
	}
	return &Client{api: v1.NewAPI(client), timeout: c.Timeout}, nil
}

// Value returns what a query is at now: one number, NaN where Prometheus says
// NaN, and the moment it is of.
func (c *Client) Value(ctx context.Context, query string, now time.Time) (value float64, at time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, _, _, err := c.api.Query(ctx, query, now, v1.WithTimeout(c.timeout))
	if err != nil {
		return 0, time.Time{}, named(fmt.Errorf("ask Prometheus: %w", err))
	}
	switch answer := answer.(type) {
	case *model.Scalar:
		return float64(answer.Value), answer.Timestamp.Time(), nil
	case model.Vector:
		switch {
		case len(answer) == 0:
			return 0, time.Time{}, ErrNothing
		case len(answer) > 1:
			return 0, time.Time{}, fmt.Errorf("%w (%d)", ErrMany, len(answer))
		case answer[0].Histogram != nil:
			return 0, time.Time{}, fmt.Errorf("%w: a histogram", ErrKind)
		}
		return float64(answer[0].Value), answer[0].Timestamp.Time(), nil
	default:
		return 0, time.Time{}, fmt.Errorf("%w: a %s", ErrKind, answer.Type())
	}
}

// named tells an answer that is an error from none. The address and the query stay
// the operator's.
func named(err error) error {
	if answered, ok := errors.AsType[*v1.Error](err); ok {
		return fault.New("Prometheus answered "+string(answered.Type), err)
	}
	return fault.In("Prometheus", fault.Unanswered(err))
}

// guarded adds the token and bounds the answer.
type guarded struct {
	tokenFile string
	transport *http.Transport
}

// RoundTrip is http.RoundTripper's.
func (g *guarded) RoundTrip(request *http.Request) (*http.Response, error) {
	if g.tokenFile != "" {
		token, err := readToken(g.tokenFile)
		if err != nil {
			return nil, fault.New("the token cannot be read", err)
		}
		request = request.Clone(request.Context())
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := g.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	answer.Body = bounded{answer.Body, http.MaxBytesReader(nil, answer.Body, answerLimit)}
	return answer, nil
}

type bounded struct {
	io.Closer
	io.Reader
}

func readToken(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, tokenLimit))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" || strings.ContainsAny(token, " \r\n\t") {
		return "", fmt.Errorf("%s: holds no token", file)
	}
	return token, nil
}
