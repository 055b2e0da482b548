package prescale

import (
	"encoding/json"
	"math"
	"time"
)

// Span is a length of time that JSON writes in seconds.
type Span time.Duration

// MarshalJSON writes seconds, with a fraction where there is one.
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).Seconds()) }

// UnmarshalJSON reads seconds.
func (s *Span) UnmarshalJSON(data []byte) error {
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return err
	}
	*s = Span(math.Round(seconds * float64(time.Second)))
	return nil
}

// String writes "1h2m3s".
func (s Span) String() string { return time.Duration(s).Round(time.Second).String() }
