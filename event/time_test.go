package event

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	for _, test := range []struct{ say, in, want string }{
		{"RFC 3339 in UTC", "2027-03-28T09:00:00Z", "2027-03-28T09:00:00Z"},
		{"RFC 3339 keeps its offset", "2027-03-28T09:00:00+01:00", "2027-03-28T09:00:00+01:00"},
		{"a local time in winter", "2027-03-01 09:00 Europe/London", "2027-03-01T09:00:00Z"},
		{"a local time in summer", "2027-07-01 09:00 Europe/London", "2027-07-01T09:00:00+01:00"},
		{"a local time with a T and seconds", "2027-07-01T09:00:30 America/New_York", "2027-07-01T09:00:30-04:00"},
		{"the last second before a spring gap", "2027-03-28 01:59:59 Europe/Berlin", "2027-03-28T01:59:59+01:00"},
		{"the first second after it", "2027-03-28 03:00 Europe/Berlin", "2027-03-28T03:00:00+02:00"},
		{"the last second before an autumn hour is repeated", "2027-10-31 01:59:59 Europe/Berlin", "2027-10-31T01:59:59+02:00"},
		{"the first second after it", "2027-10-31 03:00 Europe/Berlin", "2027-10-31T03:00:00+01:00"},
		{"half an hour's shift, far south", "2027-04-04 03:00 Australia/Lord_Howe", "2027-04-04T03:00:00+10:30"},
	} {
		got, err := ParseTime(test.in)
		if err != nil || got.String() != test.want {
			t.Errorf("%s: ParseTime(%q) = %v, %v; want %s", test.say, test.in, got, err, test.want)
		}
	}
}

func TestParseTimeRefuses(t *testing.T) {
	for _, test := range []struct{ say, in, want string }{
		{"a spring hour that is skipped", "2027-03-28 02:30 Europe/Berlin",
			"does not exist in Europe/Berlin, as clocks go forward: write 2027-03-28T01:30:00+01:00 or 2027-03-28T03:30:00+02:00"},
		{"London skips another hour", "2027-03-28 01:30 Europe/London",
			"does not exist in Europe/London, as clocks go forward: write 2027-03-28T00:30:00Z or 2027-03-28T02:30:00+01:00"},
		{"an autumn hour that comes twice", "2027-10-31 02:30 Europe/Berlin",
			"happens twice in Europe/Berlin, as clocks go back: write 2027-10-31T02:30:00+02:00 or 2027-10-31T02:30:00+01:00"},
		{"its first second", "2027-10-31 02:00 Europe/Berlin", "happens twice"},
		{"a whole day that is skipped", "2011-12-30 12:00 Pacific/Apia", "does not exist in Pacific/Apia"},
		{"no zone", "2027-03-28 09:00", "has no zone"},
		{"no zone, with a T", "2027-03-28T09:00:00", "has no zone"},
		{"an abbreviation", "2027-03-28 09:00 EST", `"EST" is not a zone`},
		{"a zone that is not there", "2027-03-28 09:00 Europe/Lundon", `"Europe/Lundon" is not a known zone`},
		{"a file for a zone", "2027-03-28 09:00 ../../etc/passwd", "is not a known zone"},
		{"the machine's own zone", "2027-03-28 09:00 Local", `"Local" is not a zone`},
		{"a day that is not there", "2027-02-30T09:00:00Z", "want RFC 3339"},
		{"a day alone", "2027-03-28", "want RFC 3339"},
		{"half seconds", "2027-03-28T09:00:00.5Z", "want whole seconds"},
		{"a year long gone", "1999-03-28T09:00:00Z", "want a year from 2000 to 2199"},
	} {
		if got, err := ParseTime(test.in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: ParseTime(%q) = %v, %v; want an error with %q", test.say, test.in, got, err, test.want)
		}
	}
}

func TestTimeInJSON(t *testing.T) {
	var room Room
	if err := json.Unmarshal([]byte(`{"event_start_time":"2027-07-01 09:00 Europe/London"}`), &room); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(struct{ Start, None Time }{Start: room.EventStartTime})
	if want := `{"Start":"2027-07-01T09:00:00+01:00","None":""}`; err != nil || string(got) != want {
		t.Errorf("Marshal(time) = %s, %v; want %s", got, err, want)
	}
}

func TestDuration(t *testing.T) {
	for in, want := range map[string]string{
		"90s": "1m30s", "15m": "15m", "60m": "1h", "1h30m": "1h30m", "24h": "1d", "7d": "7d", "36h": "36h", "0s": "0s", "0d": "0s", "1h0m5s": "1h0m5s", "500ms": "500ms",
	} {
		d, err := ParseDuration(in)
		if err != nil || d.String() != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %s", in, d, err, want)
		}
		if again, err := ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", d.String(), again, err, d)
		}
	}
	for _, in := range []string{"", "5", "d", "-1d", "1.5d", "36501d", "1w", "99999999999999999999d"} {
		if d, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %v; want an error", in, d)
		}
	}
}

func TestPhase(t *testing.T) {
	both := Room{EventStartTime: in(0), EventEndTime: in(time.Hour)}
	for _, test := range []struct {
		say  string
		room Room
		at   time.Duration
		want Phase
	}{
		{"without times an event is open", Room{}, 0, Open},
		{"before its start", both, -time.Nanosecond, Before},
		{"the start belongs to open", both, 0, Open},
		{"the last moment", both, time.Hour - time.Nanosecond, Open},
		{"the end belongs to ended", both, time.Hour, Ended},
		{"without a start it is open from ever", Room{EventEndTime: in(0)}, -Day, Open},
		{"without an end it is open for ever", Room{EventStartTime: in(0)}, 1000 * Day, Open},
	} {
		if got := (Event{Room: test.room}).Phase(noon.Add(test.at)); got != test.want {
			t.Errorf("%s: Phase(start%+v) = %s; want %s", test.say, test.at, got, test.want)
		}
	}
}

func TestExpired(t *testing.T) {
	e := Event{Room: Room{EventEndTime: in(0)}, Retention: Duration(7 * Day)}
	for after, want := range map[time.Duration]bool{0: false, 7*Day - 1: false, 7 * Day: true} {
		if got := e.Expired(noon.Add(after)); got != want {
			t.Errorf("Expired(end+%v) = %t; want %t", after, got, want)
		}
	}
	if (Event{Retention: Duration(time.Hour)}).Expired(noon.Add(1000 * Day)) {
		t.Error("an event without an end expired")
	}
}
