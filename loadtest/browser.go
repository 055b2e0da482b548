package loadtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// browser is what one visitor's browser keeps and sends: cookies, no more.
type browser struct {
	host    string // as in the address bar
	origin  string // scheme and host
	id      string // goes to the shop in visitorHeader
	cookies []cookie
}

type cookie struct{ name, value string }

// visitorHeader tells the Origin which visitor of the crowd asks. The gateway
// hands it on like any header it does not know.
const visitorHeader = "Crowd-Visitor"

type accept string

const (
	html accept = "text/html"
	data accept = "application/json"
)

// request writes a GET, or a POST with an empty JSON object.
func (b *browser) request(method, path string, want accept) []byte {
	var r bytes.Buffer
	r.Grow(1024)
	for _, part := range []string{method, " ", path, " HTTP/1.1\r\nHost: ", b.host, "\r\nAccept: ", string(want),
		"\r\n" + visitorHeader + ": ", b.id, "\r\n"} {
		r.WriteString(part)
	}
	for i, c := range b.cookies {
		if i == 0 {
			r.WriteString("Cookie: ")
		} else {
			r.WriteString("; ")
		}
		r.WriteString(c.name + "=" + c.value)
	}
	if len(b.cookies) > 0 {
		r.WriteString("\r\n")
	}
	if want == html {
		r.WriteString("Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nUpgrade-Insecure-Requests: 1\r\n")
	} else {
		r.WriteString("Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n")
	}
	if method == http.MethodPost {
		r.WriteString("Origin: " + b.origin + "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	} else {
		r.WriteString("\r\n")
	}
	return r.Bytes()
}

// keep stores the cookies of an answer, and drops those that it deletes.
func (b *browser) keep(header http.Header) {
	for _, line := range header["Set-Cookie"] {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			continue
		}
		b.drop(name)
		if value != "" && !strings.Contains(strings.ToLower(attributes), "max-age=0") {
			b.cookies = append(b.cookies, cookie{name, value})
		}
	}
}

func (b *browser) drop(name string) {
	for i, c := range b.cookies {
		if c.name == name {
			b.cookies = append(b.cookies[:i:i], b.cookies[i+1:]...)
			return
		}
	}
}

// ticket is what anybody can read in an admission.
type ticket struct {
	Session   string `json:"jti"`
	Ends      int64  `json:"exp"` // unix seconds
	Probation bool   `json:"prb"`
}

// ticketIn finds an admission among the cookies that an answer sets.
func ticketIn(header http.Header) (ticket, bool) {
	for _, line := range header["Set-Cookie"] {
		pair, _, _ := strings.Cut(line, ";")
		_, value, _ := strings.Cut(pair, "=")
		if t, ok := readTicket(value); ok {
			return t, true
		}
	}
	return ticket{}, false
}

// readTicket reads a JWT's claims without believing them: the gateway has
// signed it, and the crowd only notes what it says.
func readTicket(token string) (ticket, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ticket{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ticket{}, false
	}
	var t ticket
	if json.Unmarshal(payload, &t) != nil || t.Session == "" {
		return ticket{}, false
	}
	return t, true
}
