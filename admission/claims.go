package admission

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	schema    = 1        // of the claims
	tokenType = "rg+jwt" // the typ header: no other JWT of anybody passes for an admission
)

var errClaims = errors.New("claims are not an admission's")

// claims is an admission as its token says it.
type claims struct {
	jwt.RegisteredClaims
	Schema       int              `json:"v"`
	Organization string           `json:"org"`
	Generation   string           `json:"gen,omitempty"` // hex: 64 bits are more than a JSON number holds
	Session      int64            `json:"ses,omitempty"`
	Line         string           `json:"line,omitempty"`
	Number       int64            `json:"num,omitempty"`
	Probation    bool             `json:"prb,omitempty"`
	Open         bool             `json:"open,omitempty"`
	Prices       map[string]int64 `json:"prices,omitempty"`
}

func (a Admission) claims(issuer string) *claims {
	issued := jwt.NewNumericDate(time.UnixMilli(a.IssuedAt))
	return &claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Audience:  jwt.ClaimStrings{a.Event},
			Subject:   base64.RawURLEncoding.EncodeToString(a.Visitor[:]),
			ID:        a.ID(),
			IssuedAt:  issued,
			NotBefore: issued,
			ExpiresAt: jwt.NewNumericDate(time.UnixMilli(a.Ends)),
		},
		Schema:       schema,
		Organization: a.Organization,
		Generation:   strconv.FormatUint(a.Generation, 16),
		Session:      a.Session,
		Line:         a.Line,
		Number:       a.Number,
		Probation:    a.Probation,
		Open:         a.Open,
		Prices:       a.Prices,
	}
}

// admission returns what c says, if it says everything, once.
func (c *claims) admission() (Admission, error) {
	sub, err := base64.RawURLEncoding.Strict().DecodeString(c.Subject)
	complete := c.Schema == schema && c.ExpiresAt != nil && c.NotBefore != nil && c.IssuedAt != nil
	if err != nil || len(sub) != len(Visitor{}) || len(c.Audience) != 1 || !complete || !c.NotBefore.Equal(c.IssuedAt.Time) {
		return Admission{}, errClaims
	}
	generation, err := strconv.ParseUint(c.Generation, 16, 64)
	if err != nil || strconv.FormatUint(generation, 16) != c.Generation {
		return Admission{}, errClaims
	}
	a := Admission{
		Event:        c.Audience[0],
		Organization: c.Organization,
		Visitor:      Visitor(sub),
		Generation:   generation,
		Session:      c.Session,
		IssuedAt:     c.IssuedAt.UnixMilli(),
		Ends:         c.ExpiresAt.UnixMilli(),
		Line:         c.Line,
		Number:       c.Number,
		Probation:    c.Probation,
		Open:         c.Open,
		Prices:       c.Prices,
	}
	if c.ID != a.ID() {
		return Admission{}, errClaims
	}
	return a, nil
}

// UnmarshalJSON refuses what two JSON readers could read differently. Of a
// newer schema it reads no more than the number.
func (c *claims) UnmarshalJSON(data []byte) error {
	if err := distinctNames(data); err != nil {
		return err
	}
	var version struct {
		Schema int `json:"v"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return err
	}
	if version.Schema > schema {
		c.Schema = version.Schema
		return nil
	}
	type plain claims
	return json.Unmarshal(data, (*plain)(c))
}

// distinctNames refuses a claim that stands twice, or whose name is not plain
// lower case, since encoding/json would take "EXP" for "exp".
func distinctNames(data []byte) error {
	seen := map[string]bool{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return errClaims
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if seen[name] || strings.ContainsFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
			return fmt.Errorf("claim %q: %w", name, errClaims)
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}
