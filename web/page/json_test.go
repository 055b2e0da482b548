package page

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAppendJSONIsMarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, number := rapid.String(), rapid.Int64()
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
		})
		perhaps := rapid.Ptr(moment, true)
		p := Place{
			Event: text.Draw(t, "event"), Mode: Mode(text.Draw(t, "mode")), Phase: text.Draw(t, "phase"),
			State: State(text.Draw(t, "state")), Line: text.Draw(t, "line"),
			Number: number.Draw(t, "number"), Serving: number.Draw(t, "serving"), Ahead: number.Draw(t, "ahead"),
			Wait: Wait{P50: number.Draw(t, "p50"), P90: number.Draw(t, "p90"), Reason: text.Draw(t, "reason")},
			At:   moment.Draw(t, "at"), StartsAt: perhaps.Draw(t, "starts"), TurnEndsAt: perhaps.Draw(t, "turn"),
			TurnEndsInMS: number.Draw(t, "turn ms"), SessionEndsAt: perhaps.Draw(t, "session"),
			RetryAfterMS: number.Draw(t, "retry"), Reference: text.Draw(t, "reference"),
			Stock: text.Draw(t, "stock"), Message: text.Draw(t, "message"), Location: text.Draw(t, "location"),
			Prices: rapid.MapOfN(text, rapid.Custom(func(t *rapid.T) Price { return Price{number.Draw(t, "price"), number.Draw(t, "ceiling")} }), 0, 3).Draw(t, "prices"),
		}
		want, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(p.AppendJSON(nil)); got != string(want) {
			t.Fatalf("AppendJSON = %s; want %s", got, want)
		}
	})
}
