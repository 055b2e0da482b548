package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/rush"
)

const (
	callTimeout = 4 * time.Second // of one attempt
	answerLimit = 64 << 10        // bytes
)

// Headers of a call. The signature is "v1=" and, in hex, the HMAC-SHA256 of the
// timestamp (whole seconds since 1970), a full stop and the body.
const (
	HeaderTimestamp = "Rushgate-Timestamp"
	HeaderSignature = "Rushgate-Signature"
	HeaderKey       = "Idempotency-Key"
)

// Config is what a target works with.
type Config struct {
	URL    string                               // https, or http into one of Plain
	Plain  []netip.Prefix                       // networks in which http will do
	Secret func() ([]byte, error)               // read for each call, so that it can be changed
	Now    func() time.Time                     // stands in the signature
	Chance func() float64                       // in [0, 1), for jitter
	Pause  func(time.Duration) <-chan time.Time // time.After
	Client *http.Client                         // nil: one that goes nowhere but to URL
}

// Target is what answers at one address.
type Target struct {
	config Config
	client *http.Client
}

// New returns a target. The address is checked when the configuration is.
func New(c Config) *Target {
	client := c.Client
	if client == nil {
		client = newClient(c.URL, c.Plain)
	}
	return &Target{config: c, client: client}
}

// Call is the body of a call.
type Call struct {
	Action    string     `json:"action"` // scale, status or release
	Target    string     `json:"target"`
	Instances int        `json:"instances"`       // in all; with release 0
	Version   int64      `json:"version"`         // a call below the last one carried out is late: answer it, do nothing
	Event     string     `json:"event,omitempty"` // for people
	Until     *time.Time `json:"until,omitempty"` // when it is taken back at the latest
}

// Answer is what comes back with a status of 2xx.
type Answer struct {
	Ready  *int   `json:"ready"` // instances that can take visitors now
	Detail string `json:"detail"`
}

// Scale is part of crew.Target.
func (t *Target) Scale(ctx context.Context, o rush.Order) error {
	_, err := t.call(ctx, "scale", o)
	return err
}

// Release is part of crew.Target.
func (t *Target) Release(ctx context.Context, o rush.Order) error {
	_, err := t.call(ctx, "release", o)
	return err
}

// Ready is part of crew.Target.
func (t *Target) Ready(ctx context.Context, o rush.Order) (rush.Readiness, error) {
	answer, err := t.call(ctx, "status", o)
	if err != nil {
		return rush.Readiness{}, err
	}
	if answer.Ready == nil {
		return rush.Readiness{}, fault.Open(errors.New(`the answer to "status" names no "ready"`))
	}
	return rush.Readiness{Ready: max(0, *answer.Ready), Detail: answer.Detail}, nil
}

// call sends until there is an answer that means something.
func (t *Target) call(ctx context.Context, action string, o rush.Order) (Answer, error) {
	call := Call{Action: action, Target: o.Target, Instances: o.Instances, Version: o.Version, Event: o.Event}
	if until := o.Until.UTC(); !o.Until.IsZero() {
		call.Until = &until
	}
	body, err := json.Marshal(call)
	if err != nil {
		return Answer{}, err
	}
	for attempt := 1; ; attempt++ {
		answer, wait, err := t.send(ctx, body, action+"/"+o.Key)
		if err == nil || wait < 0 || attempt == attempts || ctx.Err() != nil {
			return answer, err
		}
		select {
		case <-t.config.Pause(max(wait, backoff(attempt, t.config.Chance()))):
		case <-ctx.Done():
			return Answer{}, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// send is one attempt. A negative wait says that no other will fare better.
func (t *Target) send(ctx context.Context, body []byte, key string) (a Answer, wait time.Duration, err error) {
	secret, err := t.config.Secret()
	if err != nil {
		return Answer{}, never, fault.New("the secret that signs calls cannot be read", err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, never, err
	}
	stamp := strconv.FormatInt(t.config.Now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "rushgate")
	request.Header.Set(HeaderKey, key)
	request.Header.Set(HeaderTimestamp, stamp)
	request.Header.Set(HeaderSignature, Sign(secret, stamp, body))
	answer, err := t.client.Do(request)
	if err != nil {
		return Answer{}, 0, fault.Unanswered(fmt.Errorf("call the webhook: %w", withoutAddress(err)))
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 != 2 {
		return Answer{}, waitAfter(answer, t.config.Now()), fault.New(fmt.Sprintf("answered %d", answer.StatusCode), fmt.Errorf("the webhook answered %s", answer.Status))
	}
	a, err = read(answer)
	if err != nil {
		return Answer{}, never, fault.New("its answer cannot be read", fmt.Errorf("the webhook's answer: %w", err))
	}
	return a, 0, nil
}

// withoutAddress leaves out the URL: it may hold a token, and a log is read by many.
func withoutAddress(err error) error {
	if asked, ok := errors.AsType[*url.Error](err); ok {
		return asked.Err
	}
	return err
}

func read(answer *http.Response) (Answer, error) {
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return Answer{}, fmt.Errorf("want Content-Type application/json, not %q", answer.Header.Get("Content-Type"))
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit+1))
	if err != nil {
		return Answer{}, err
	}
	if len(data) > answerLimit {
		return Answer{}, fmt.Errorf("more than %d bytes", answerLimit)
	}
	var a Answer
	if err := json.Unmarshal(data, &a); err != nil {
		return Answer{}, err
	}
	return a, nil
}

// Sign returns the signature of a call: stamp is the text of the timestamp.
func Sign(secret []byte, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}
