package page

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// tierShown is what the page says of a tier.
func tierShown(root *html.Node, tier string) string {
	return text(find(root, func(n *html.Node) bool { return attribute(n, "data-tier") == tier })[0])
}

func TestTheScriptShowsThePriceOfNow(t *testing.T) {
	for _, test := range []struct {
		say       string
		serving   int64
		published int64 // when the page asks again; 60.00 on joining, at most 70.00
		want      string
	}{
		{"a price that fell while they wait", 10, 5500, "55.00 EUR"},
		{"one that rose above what their place is held to", 10, 9000, "70.00 EUR"},
		{"one that rose during their turn", 100, 6800, "60.00 EUR"},
	} {
		place := inLine(test.serving)
		place.Prices = map[string]Price{"floor": {Price: 6000, Ceiling: 7000}}
		newer := *somePrices()
		newer.Version, newer.Tiers[0].Price = 8, test.published
		r := &room{answer: func(action string, _ int) (int, any) {
			switch action {
			case "prices":
				return http.StatusOK, newer
			case "now":
				now := snapshot(test.serving)
				now.Prices = newer.Version
				return http.StatusOK, now
			case "claim":
				return http.StatusTooManyRequests, problem("at_the_door")
			}
			return http.StatusOK, place
		}}
		root, _ := browse(t, View{EventID: "tour", Place: place, Prices: somePrices(), Return: "/buy"}, r, 5*time.Second)
		if got := tierShown(root, "floor"); !strings.Contains(got, "Floor "+test.want) {
			t.Errorf("%s: the page says %q; want %s", test.say, got, test.want)
		}
	}
}
