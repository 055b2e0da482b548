package upstream

import (
	"testing"
	"time"
)

func TestBucketsKeepWithinAnEighth(t *testing.T) {
	for _, took := range []time.Duration{0, time.Microsecond, 7 * time.Microsecond, 8 * time.Microsecond, 15 * time.Microsecond, 999 * time.Microsecond, 3 * time.Millisecond, 250 * time.Millisecond, 10 * time.Second, 4 * time.Minute} {
		i := bucket(took)
		end := bucketEnd(i)
		if end <= took || float64(end) > 1.126*float64(took)+float64(time.Microsecond) {
			t.Errorf("bucketEnd(bucket(%v)) = %v; want above, by an eighth at most", took, end)
		}
		if i > 0 && bucketEnd(i-1) > took {
			t.Errorf("%v is in bucket %d, and fits into the one before", took, i)
		}
	}
	if i := bucket(24 * time.Hour); i != buckets-1 {
		t.Errorf("bucket(a day) = %d; want the last, %d", i, buckets-1)
	}
}

func TestAMeterLooksBackTenSeconds(t *testing.T) {
	var m meter
	for second := range 30 {
		now := noon.Add(time.Duration(second) * time.Second)
		how := answered
		if second%2 == 0 {
			how = erred
		}
		m.begin(now)
		m.end(now, now.Add(time.Millisecond), time.Millisecond, how)
	}
	var lately tally
	m.addTo(&lately, noon.Add(29*time.Second+500*time.Millisecond))
	if lately.requests() != 11 || lately.failures() != 5 {
		t.Errorf("%d requests, %d failures; want those of ten seconds and the one under way, 11 and 5", lately.requests(), lately.failures())
	}
	if p95 := lately.quantile(0.95); p95 < time.Millisecond || p95 > 1130*time.Microsecond {
		t.Errorf("p95 = %v; want 1 ms and an eighth at most", p95)
	}
	lately = tally{}
	m.addTo(&lately, noon.Add(time.Hour))
	if lately.requests() != 0 || lately.quantile(0.95) != 0 {
		t.Errorf("an hour later: %d requests, p95 %v; want none", lately.requests(), lately.quantile(0.95))
	}
}

func TestAnInstanceThatHangsIsSeenBeforeItsFirstTimeout(t *testing.T) {
	var m meter
	for range 100 {
		m.begin(noon)
	}
	for _, tt := range []struct {
		after time.Duration
		least time.Duration
	}{{3 * time.Second, 3 * time.Second}, {9 * time.Second, 9 * time.Second}, {40 * time.Second, 10 * time.Second}} {
		now := noon.Add(tt.after)
		m.begin(now)
		m.end(now, now, time.Millisecond, answered)
		var lately tally
		m.addTo(&lately, now)
		if p95 := lately.quantile(0.95); p95 < tt.least || lately.open != 100 {
			t.Errorf("100 requests open for %v: p95 = %v, %d open; want %v at least, and all of them", tt.after, p95, lately.open, tt.least)
		}
	}
	end := noon.Add(41 * time.Second)
	for range 100 {
		m.end(noon, end, 41*time.Second, answered)
	}
	var lately tally
	m.addTo(&lately, end.Add(11*time.Second))
	if p95 := lately.quantile(0.95); p95 != 0 {
		t.Errorf("once they have ended and are forgotten: p95 = %v; want 0", p95)
	}
}

func TestAMeterForgetsWhatWasBeforeTheClockWasSetBack(t *testing.T) {
	var m meter
	for range 100 {
		m.begin(noon)
		m.end(noon, noon, time.Millisecond, erred)
	}
	m.begin(noon) // it ends an hour earlier
	for second := range 30 {
		now := noon.Add(-time.Hour + time.Duration(second)*time.Second)
		m.begin(now)
		m.end(now, now, time.Millisecond, answered)
	}
	end := noon.Add(-time.Hour + 29*time.Second)
	m.end(noon, end, time.Second, answered)
	var lately tally
	m.addTo(&lately, end)
	if lately.requests() != 12 || lately.failures() != 0 || lately.open != 0 {
		t.Errorf("%d requests, %d failures, %d open; want 12 of ten seconds, none failed, and none open", lately.requests(), lately.failures(), lately.open)
	}
}

func TestVisitorsWhoLeaveSayNothingAboutAnInstance(t *testing.T) {
	var m meter
	m.begin(noon)
	m.end(noon, noon.Add(5*time.Second), 5*time.Second, visitorGone)
	var lately tally
	m.addTo(&lately, noon.Add(5*time.Second))
	if lately.requests() != 0 || lately.quantile(0.95) != 0 {
		t.Errorf("%d requests, p95 %v; want nothing", lately.requests(), lately.quantile(0.95))
	}
}
