package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bilten/rushgate/loadtest"
)

// report is the part of vegeta's JSON report that is judged.
type report struct {
	Requests  int64          `json:"requests"`
	Rate      float64        `json:"rate"` // sent a second
	Codes     map[string]int `json:"status_codes"`
	Errors    []string       `json:"errors"` // each text once
	Latencies struct {
		P99 time.Duration `json:"99th"`
	} `json:"latencies"`
}

// promise is what an attack was to show.
type promise struct {
	perSecond float64
	p99       time.Duration
}

const (
	defaultP99 = 250 * time.Millisecond
	// leastSent is the share of the rate below which vegeta has measured itself.
	leastSent = 0.98
	maxErrors = 5
)

// judge weighs a report. A wrong answer makes an attack broken, however slow
// vegeta was; a slow vegeta makes its latencies worth nothing.
func (p promise) judge(r report) (loadtest.Outlook, []string) {
	good := int64(r.Codes["200"])
	if r.Requests == 0 || good != r.Requests {
		reasons := []string{fmt.Sprintf("%d of %d answers were 200", good, r.Requests)}
		for _, code := range slices.Sorted(maps.Keys(r.Codes)) {
			if code != "200" { // "0": no answer
				reasons = append(reasons, fmt.Sprintf("%d times %s", r.Codes[code], code))
			}
		}
		return loadtest.Broken, append(reasons, r.Errors[:min(len(r.Errors), maxErrors)]...)
	}
	if r.Rate < leastSent*p.perSecond {
		return loadtest.Invalid, []string{fmt.Sprintf("vegeta sent %.0f requests a second of %.0f: the machine is too small for it", r.Rate, p.perSecond)}
	}
	if r.Latencies.P99 > p.p99 {
		return loadtest.Broken, []string{fmt.Sprintf("one answer in a hundred took %v or more (%v is allowed)", r.Latencies.P99.Round(time.Millisecond), p.p99)}
	}
	return loadtest.Clean, nil
}
