package main

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
)

// bare answers what the gateway's visitors ask, with so many bytes of JSON that
// were prepared beforehand. Nothing that runs on Echo can be cheaper.
func bare(bytes int) http.Handler {
	body := jsonOf(bytes)
	return visitorRoutes(func(c echo.Context) error {
		return c.JSONBlob(http.StatusOK, body)
	})
}

// signing is bare with a fresh admission in a cookie.
func signing(bytes int) http.Handler {
	body := jsonOf(bytes)
	_, key, keyErr := ed25519.GenerateKey(nil)
	return visitorRoutes(func(c echo.Context) error {
		if keyErr != nil {
			return keyErr
		}
		now := time.Now()
		token, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.RegisteredClaims{
			Issuer: "baseline", Subject: "0123456789abcdef0123456789abcdef", Audience: jwt.ClaimStrings{"bench"},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Hour)),
		}).SignedString(key)
		if err != nil {
			return fmt.Errorf("sign: %w", err)
		}
		c.SetCookie(&http.Cookie{Name: "admission", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		return c.JSONBlob(http.StatusOK, body)
	})
}

// visitorRoutes has the gateway's addresses, so that the same requests can be
// sent to it.
func visitorRoutes(answer echo.HandlerFunc) *echo.Echo {
	e := echo.New()
	e.GET("/_rushgate/:event/status", answer)
	e.POST("/_rushgate/:event/join", answer)
	e.POST("/_rushgate/:event/claim", answer)
	return e
}

// shop is the origin: a page of so many bytes on every path.
func shop(bytes int) http.Handler {
	page := jsonOf(bytes)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(page)
	})
}

// jsonOf is an object of exactly so many bytes, at least those of an empty one.
func jsonOf(bytes int) []byte {
	const frame = `{"padding":""}`
	return []byte(`{"padding":"` + strings.Repeat("x", max(0, bytes-len(frame))) + `"}`)
}
