package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// seatsMost is how many seats a simulated visitor takes, like people who come
// alone or with friends.
const seatsMost = 4

var orderReference = regexp.MustCompile(`name="reference" value="([^"]+)"`)

// purchase puts seats into the basket and pays, or goes without: of some tiers
// nothing is left, and one in four buyers thinks better of it and lets the seats
// lapse.
func (v simulated) purchase(ctx context.Context) error {
	for _, tier := range rand.Perm(2) {
		form := url.Values{"tier": {string(rune('0' + tier))}, "seats": {string(rune('1' + rand.N(seatsMost)))}}
		if status, _, err := v.form(ctx, "/hold", form); err != nil || status >= http.StatusBadRequest {
			continue // gone, or fewer are left: the next visitor may want fewer
		}
		if rand.N(4) == 0 {
			return nil
		}
		_, page, err := v.form(ctx, "/checkout", nil)
		if err != nil {
			return err
		}
		if reference := orderReference.FindSubmatch(page); reference != nil {
			_, _, err = v.form(ctx, "/pay", url.Values{"reference": {string(reference[1])}})
		}
		return err
	}
	return nil
}

// form sends a form to the shop, or fetches a page of it where there is none.
func (v simulated) form(ctx context.Context, path string, form url.Values) (status int, page []byte, err error) {
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, v.buy+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.browser.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	page, err = io.ReadAll(io.LimitReader(response.Body, answerLimit))
	return response.StatusCode, page, err
}
