package shop

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

// view is what the templates read; each page uses what it needs.
type view struct {
	Title       string
	Text        string
	Reference   string
	Tiers       []TierStock
	Purchase    purchase
	Until       time.Time
	SecondsLeft int64
	Settled     bool
	Entry       entry
}

// purchase is what a hold or an order is for.
type purchase struct {
	Tier  string
	Seats int
	Each  int64 // cents for one seat
	Cents int64 // for all
}

var pageNames = []string{"event", "buy", "checkout", "order", "problem"}

func parsePages() map[string]*template.Template {
	functions := template.FuncMap{
		"euros":     euros,
		"eventPath": func() string { return EventPath },
		"choices": func(free int) []int { // 1, 2 … of what may be bought at once
			seats := make([]int, min(free, MaxSeats))
			for i := range seats {
				seats[i] = i + 1
			}
			return seats
		},
	}
	layout := template.Must(template.New("layout.html").Funcs(functions).ParseFS(files, "templates/layout.html"))
	pages := map[string]*template.Template{}
	for _, name := range pageNames {
		pages[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, "templates/"+name+".html"))
	}
	return pages
}

// render writes a whole page or, if the template fails, nothing.
func (s *Shop) render(w http.ResponseWriter, r *http.Request, status int, page string, v view) error {
	v.Entry = entryOf(w, r)
	var body bytes.Buffer
	if err := s.pages[page].Execute(&body, v); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // a visitor who has gone can't be told
	return nil
}

func euros(cents int64) string { return fmt.Sprintf("€%d.%02d", cents/100, cents%100) }
