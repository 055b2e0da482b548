package page

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// AppendJSON appends what json.Marshal would write, in a tenth of its time:
// most of a gateway's work is answering polls.
func (p *Place) AppendJSON(b []byte) []byte {
	b = appendText(append(b, `{"event":`...), p.Event)
	b = appendText(append(b, `,"mode":`...), string(p.Mode))
	b = appendText(append(b, `,"phase":`...), p.Phase)
	b = appendText(append(b, `,"state":`...), string(p.State))
	b = appendText(append(b, `,"line":`...), p.Line)
	b = strconv.AppendInt(append(b, `,"number":`...), p.Number, 10)
	b = strconv.AppendInt(append(b, `,"serving":`...), p.Serving, 10)
	b = strconv.AppendInt(append(b, `,"ahead":`...), p.Ahead, 10)
	b = strconv.AppendInt(append(b, `,"wait":{"p50_s":`...), p.Wait.P50, 10)
	b = strconv.AppendInt(append(b, `,"p90_s":`...), p.Wait.P90, 10)
	b = appendText(append(b, `,"reason":`...), p.Wait.Reason)
	b = appendTime(append(b, `},"at":`...), &p.At)
	b = appendTime(append(b, `,"starts_at":`...), p.StartsAt)
	b = appendTime(append(b, `,"turn_ends_at":`...), p.TurnEndsAt)
	b = strconv.AppendInt(append(b, `,"turn_ends_in_ms":`...), p.TurnEndsInMS, 10)
	b = appendTime(append(b, `,"session_ends_at":`...), p.SessionEndsAt)
	b = strconv.AppendInt(append(b, `,"retry_after_ms":`...), p.RetryAfterMS, 10)
	b = appendText(append(b, `,"reference":`...), p.Reference)
	b = appendText(append(b, `,"receipt":`...), p.Receipt)
	b = appendText(append(b, `,"stock":`...), p.Stock)
	b = appendText(append(b, `,"message":`...), p.Message)
	b = appendText(append(b, `,"location":`...), p.Location)
	return append(appendPrices(b, p.Prices), '}')
}

func appendPrices(b []byte, prices map[string]Price) []byte {
	if len(prices) == 0 {
		return b
	}
	separator := `,"prices":{`
	for _, tier := range slices.Sorted(maps.Keys(prices)) {
		b = appendText(append(b, separator...), tier)
		b = strconv.AppendInt(append(b, `:{"price":`...), prices[tier].Price, 10)
		b = strconv.AppendInt(append(b, `,"ceiling":`...), prices[tier].Ceiling, 10)
		b = append(b, '}')
		separator = ","
	}
	return append(b, '}')
}

func appendTime(b []byte, t *time.Time) []byte {
	if t == nil {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// appendText leaves whatever needs care to encoding/json.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, err := json.Marshal(s)
			if err != nil { // text cannot fail
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
