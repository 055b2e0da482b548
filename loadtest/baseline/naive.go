package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
)

const (
	naiveLine   = "line"
	naiveCookie = "pass"
	naiveLife   = 24 * time.Hour
)

// naiveRoom is a waiting room as a team writes it in a week: a sorted set by
// time of arrival, a rank for each question, a JWT that says who asks. Nothing
// in it is slow on purpose.
type naiveRoom struct {
	redis  *redis.Client
	secret []byte
	parser *jwt.Parser
}

// position is what a visitor is told.
type position struct {
	State    string `json:"state"`
	Position int64  `json:"position"`
	Total    int64  `json:"total"`
	RetryMS  int64  `json:"retry_after_ms"`
}

func naive(address string) http.Handler {
	room := &naiveRoom{
		// As many connections as a gateway has.
		redis:  redis.NewClient(&redis.Options{Addr: address, PoolSize: 32}),
		secret: []byte("a secret of thirty-two characters"),
		parser: jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired()),
	}
	e := echo.New()
	e.POST("/join", room.join)
	e.GET("/status", room.status)
	return e
}

func (n *naiveRoom) join(c echo.Context) error {
	visitor, err := n.visitor(c)
	if err != nil {
		visitor = newVisitor()
	}
	now := time.Now()
	arrived := redis.Z{Score: float64(now.UnixMicro()), Member: visitor}
	if err := n.redis.ZAddNX(c.Request().Context(), naiveLine, arrived).Err(); err != nil {
		return err
	}
	pass, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject: visitor, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(naiveLife)),
	}).SignedString(n.secret)
	if err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{
		Name: naiveCookie, Value: pass, Path: "/", MaxAge: int(naiveLife / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return n.tell(c, visitor)
}

func (n *naiveRoom) status(c echo.Context) error {
	visitor, err := n.visitor(c)
	if err != nil {
		return echo.NewHTTPError(http.StatusUnauthorized, "join first").SetInternal(err)
	}
	return n.tell(c, visitor)
}

func (n *naiveRoom) tell(c echo.Context, visitor string) error {
	ctx := c.Request().Context()
	rank, err := n.redis.ZRank(ctx, naiveLine, visitor).Result()
	if errors.Is(err, redis.Nil) {
		return echo.NewHTTPError(http.StatusNotFound, "join first")
	}
	if err != nil {
		return err
	}
	total, err := n.redis.ZCard(ctx, naiveLine).Result()
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, position{State: "waiting", Position: rank + 1, Total: total, RetryMS: 5000})
}

func (n *naiveRoom) visitor(c echo.Context) (string, error) {
	cookie, err := c.Cookie(naiveCookie)
	if err != nil {
		return "", err
	}
	var claims jwt.RegisteredClaims
	_, err = n.parser.ParseWithClaims(cookie.Value, &claims, func(*jwt.Token) (any, error) { return n.secret, nil })
	return claims.Subject, err
}

func newVisitor() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails; the process ends first
	return hex.EncodeToString(id[:])
}
