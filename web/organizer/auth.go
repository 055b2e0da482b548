package organizer

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// Key is an organizer's API key as it is kept: only its hash. A key is 256
// random bits, so an unsalted SHA-256 gives nothing away.
type Key struct {
	Name         string // who changes are attributed to
	Organization string // the only one that the key can see or change
	SHA256       [sha256.Size]byte
}

// identify returns the key whose hash is that of token. It looks at every key,
// so that the time it takes says nothing about any of them.
func identify(keys []Key, token string) (Key, bool) {
	var found Key
	ok := 0
	hash := sha256.Sum256([]byte(token))
	for _, key := range keys {
		if subtle.ConstantTimeCompare(hash[:], key.SHA256[:]) == 1 {
			found, ok = key, 1
		}
	}
	return found, ok == 1
}

const (
	actorKey  = "actor"
	maxReason = 200 // characters in Rushgate-Reason
)

// actor is who asks, and why.
type actor struct {
	key    Key
	reason string
}

func actorOf(c echo.Context) actor { return c.Get(actorKey).(actor) } //nolint:forcetypeassert // authenticate runs before every handler

// authenticate lets nobody through without a key. Whoever names another
// organization than the key's gets the answer for one that does not exist.
func (a *API) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, _, named := poolIn(c.Request().URL.Path); named {
			return a.authenticateFleet(c, next)
		}
		token, ok := strings.CutPrefix(c.Request().Header.Get(echo.HeaderAuthorization), "Bearer ")
		if !ok {
			return unauthorized()
		}
		key, ok := identify(a.keys, token)
		if !ok {
			return unauthorized()
		}
		if org, named := organizationIn(c.Request().URL.Path); named && org != key.Organization {
			return notFound()
		}
		reason, ok := cleanReason(c.Request().Header.Get("Rushgate-Reason"))
		if !ok {
			return invalidReason()
		}
		c.Set(actorKey, actor{key: key, reason: reason})
		return next(c)
	}
}

func invalidReason() *problem {
	return refuse(http.StatusBadRequest, "invalid_reason", "Rushgate-Reason may have 200 printable characters on one line.")
}

// organizationIn reads the path itself: where no handler takes the method, the
// router does not say.
func organizationIn(path string) (org string, named bool) {
	rest, named := strings.CutPrefix(path, "/v1/organizations/")
	org, _, _ = strings.Cut(rest, "/")
	return org, named
}

// whose tells a client which organization its key belongs to.
func whose(c echo.Context) error {
	key := actorOf(c).key
	return c.JSON(http.StatusOK, map[string]string{"name": key.Name, "organization": key.Organization})
}

// cleanReason refuses what could forge a line in a log or on a terminal.
func cleanReason(reason string) (string, bool) {
	if !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > maxReason {
		return "", false
	}
	for _, r := range reason {
		if !unicode.IsPrint(r) {
			return "", false
		}
	}
	return reason, true
}
