package page

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed catalogue/*.json
var catalogueFiles embed.FS

// words is every sentence of the page in one language. The same file feeds the
// templates and the script, so that no sentence exists twice. A language is
// added by adding catalogue/<tag>.json.
type words struct {
	Language  string            `json:"language"`
	Direction string            `json:"direction"` // ltr or rtl
	Screens   map[Screen]notice `json:"screens"`
	Banners   map[Banner]string `json:"banners"`
	Wait      map[string]string `json:"wait"`
	Live      map[string]string `json:"live"` // said by the script alone
	Labels    map[string]string `json:"labels"`
	Lengths   map[string]string `json:"lengths"`
	Errors    map[string]notice `json:"errors"` // by status
	Privacy   privacyNote       `json:"privacy"`
	Draw      drawWords         `json:"draw"`
	Prices    priceWords        `json:"prices"`
}

type notice struct {
	Title string `json:"title"`
	Lead  string `json:"lead"`
}

type privacyNote struct {
	Title     string   `json:"title"`
	Lead      string   `json:"lead"`
	Points    []string `json:"points"`
	Retention string   `json:"retention"`
}

// scriptWords is what the script says by itself.
type scriptWords struct {
	Language string            `json:"language"`
	Screens  map[Screen]notice `json:"screens"`
	Banners  map[Banner]string `json:"banners"`
	Wait     map[string]string `json:"wait"`
	Live     map[string]string `json:"live"`
}

func (w words) forScript() scriptWords {
	return scriptWords{w.Language, w.Screens, w.Banners, w.Wait, w.Live}
}

// loadCatalogue reads every language; the first is English, which is what an
// unknown language falls back to.
func loadCatalogue() ([]words, error) {
	entries, err := catalogueFiles.ReadDir("catalogue")
	if err != nil {
		return nil, fmt.Errorf("list the catalogue: %w", err)
	}
	var all []words
	for _, entry := range entries {
		data, err := catalogueFiles.ReadFile("catalogue/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the catalogue: %w", err)
		}
		var w words
		strict := json.NewDecoder(bytes.NewReader(data))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&w); err != nil {
			return nil, fmt.Errorf("decode catalogue %s: %w", entry.Name(), err)
		}
		if w.Language == "en" {
			all = append([]words{w}, all...)
		} else {
			all = append(all, w)
		}
	}
	return all, nil
}

// fill puts values, given as name and value in turn, in place of {name}.
func fill(text string, values ...string) string {
	for i := 0; i+1 < len(values); i += 2 {
		text = strings.ReplaceAll(text, "{"+values[i]+"}", values[i+1])
	}
	return text
}

// count writes n as the language groups digits: 12,345.
func (w words) count(n int64) string {
	return message.NewPrinter(language.Make(w.Language)).Sprintf("%d", n)
}

// wait says a wait as a range that promises no more than is known: single
// minutes up to 20, steps of five up to 90, half hours beyond. Its twin is
// waitWords in static/words.js; a test holds the two together.
func (w words) wait(p50, p90 int64) string {
	switch {
	case p90 <= 0:
		return w.Wait["unknown"]
	case p90 < 50:
		return w.Wait["moment"]
	case p50 >= 24*3600:
		return w.Wait["day"]
	}
	lo, hi := p50/60, (p90+59)/60
	if hi > 90 {
		lo, hi = max(p50/1800, 2), (p90+1799)/1800
		if lo >= hi {
			return fill(w.Wait["hours"], "n", halves(hi))
		}
		return fill(w.Wait["hours_range"], "lo", halves(lo), "hi", halves(hi))
	}
	if hi > 20 {
		lo, hi = lo/5*5, (hi+4)/5*5
	}
	lo = max(lo, 1)
	switch {
	case hi <= 1:
		return w.Wait["minute"]
	case lo >= hi:
		return fill(w.Wait["minutes"], "n", strconv.FormatInt(hi, 10))
	}
	return fill(w.Wait["minutes_range"], "lo", strconv.FormatInt(lo, 10), "hi", strconv.FormatInt(hi, 10))
}

// halves writes a number of halves: 3 is 1½.
func halves(n int64) string {
	if n%2 == 1 {
		return strconv.FormatInt(n/2, 10) + "½"
	}
	return strconv.FormatInt(n/2, 10)
}

// length says a duration in the largest unit that divides it: 3 minutes, 7 days.
func (w words) length(d time.Duration) string {
	unit, n := "second", int64(d/time.Second)
	for _, larger := range []struct {
		name string
		per  int64
	}{{"minute", 60}, {"hour", 60}, {"day", 24}} {
		if n == 0 || n%larger.per != 0 {
			break
		}
		unit, n = larger.name, n/larger.per
	}
	if n == 1 {
		return w.Lengths[unit]
	}
	return fill(w.Lengths[unit+"s"], "n", strconv.FormatInt(n, 10))
}
