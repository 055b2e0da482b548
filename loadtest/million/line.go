package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/bilten/rushgate/loadtest/stage"
)

// line is one connection to a gateway. It knows as much of HTTP/1.1 as a gateway
// says to it, and allocates next to nothing.
type line struct {
	address string
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
	head    []byte // cookie of the last answer
	body    []byte
}

const (
	maxPass = 173 // bytes of a pass cookie with its name; makes a visitor 192 bytes
	maxBody = 64 << 10

	patience = 30 * time.Second
)

func newLine(address string) *line { return &line{address: address} }

type method uint8

const (
	get method = iota // of the contract
	post
	shop // the protected page; the path is the visitor's name
)

// answer is what a visitor takes from a response. Its slices last until the next
// request on the line.
type answer struct {
	status     int
	sent, took uint32
	gateway    uint8
	waits      bool   // the page was the waiting page
	cookie     []byte // name=value
	admission  struct {
		session string
		ends    int64
	}
	place place
	body  []byte
}

type place struct {
	state                           string
	number, serving, ahead, retryMS uint32
}

func (a answer) text() string { return fmt.Sprintf("status %d: %.200s", a.status, a.body) }

// exchange asks the gateways in turn.
func (w *worker) exchange(m method, path string, cookie []byte) (answer, bool) {
	w.turn = (w.turn + 1) % len(w.lines)
	l := w.lines[w.turn]
	a := answer{gateway: uint8(w.turn), sent: w.us()} //nolint:gosec // a handful
	err := l.exchange(m, path, cookie, &a)
	a.took = w.us() - a.sent
	if err != nil {
		l.hangUp()
		w.fail(path + ": " + err.Error())
		return a, false
	}
	return a, true
}

func (l *line) hangUp() {
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

func (l *line) exchange(m method, path string, cookie []byte, a *answer) error {
	if l.conn == nil {
		conn, err := net.DialTimeout("tcp", l.address, patience)
		if err != nil {
			return err
		}
		l.conn, l.reader = conn, bufio.NewReaderSize(conn, 4096)
	}
	if err := l.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	l.write(m, path, cookie)
	if _, err := l.conn.Write(l.request); err != nil {
		return err
	}
	return l.read(a)
}

// write puts together what a browser says.
func (l *line) write(m method, path string, cookie []byte) {
	r := l.request[:0]
	switch m {
	case shop:
		r = append(r, "GET "+stage.Path+" HTTP/1.1\r\nHost: "+stage.Host+"\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nCrowd-Visitor: "...)
		r = append(append(r, path...), "\r\n"...)
	case post:
		r = append(append(r, "POST /_rushgate/"+stage.EventID+"/"...), path...)
		r = append(r, " HTTP/1.1\r\nHost: "+stage.Host+"\r\nAccept: application/json\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://"+stage.Host+"\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"...)
	default:
		r = append(append(r, "GET /_rushgate/"+stage.EventID+"/"...), path...)
		r = append(r, " HTTP/1.1\r\nHost: "+stage.Host+"\r\nAccept: application/json\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n"...)
	}
	if len(cookie) > 0 {
		r = append(append(append(r, "Cookie: "...), cookie...), "\r\n"...)
	}
	r = append(r, "\r\n"...)
	if m == post {
		r = append(r, "{}"...)
	}
	l.request = r
}

var errResponse = errors.New("a response that this reader does not know")

func (l *line) read(a *answer) error {
	first, err := l.reader.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(first) < 13 || !bytes.HasPrefix(first, []byte("HTTP/1.1 ")) {
		return fmt.Errorf("%w: %.40q", errResponse, first)
	}
	if a.status, err = strconv.Atoi(string(first[9:12])); err != nil {
		return errResponse
	}
	length := -1
	l.head = l.head[:0]
	for {
		header, err := l.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		header = bytes.TrimRight(header, "\r\n")
		if len(header) == 0 {
			break
		}
		name, value, _ := bytes.Cut(header, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.Atoi(string(value))
		case bytes.EqualFold(name, []byte("Set-Cookie")):
			pair, _, _ := bytes.Cut(value, []byte(";"))
			l.head = append(l.head[:0], pair...)
		case bytes.EqualFold(name, []byte("Rushgate-State")):
			a.waits = true
		}
		if err != nil {
			return errResponse
		}
	}
	if length < 0 || length > maxBody {
		// A page for people, which nobody here reads: its beginning will do.
		a.cookie, a.body = l.head, l.body[:0]
		if some, _ := l.reader.Peek(min(l.reader.Buffered(), 200)); len(some) > 0 {
			a.body = append(a.body, some...)
		}
		l.hangUp()
		return nil
	}
	if cap(l.body) < length {
		l.body = make([]byte, length)
	}
	l.body = l.body[:length]
	if _, err := io.ReadFull(l.reader, l.body); err != nil {
		return err
	}
	a.cookie, a.body = l.head, l.body
	a.readPlace()
	return a.readAdmission()
}

func (a *answer) readPlace() {
	a.place.retryMS = number(a.body, `"retry_after_ms":`)
	a.place.number = number(a.body, `"number":`)
	a.place.serving = number(a.body, `"serving":`)
	a.place.ahead = number(a.body, `"ahead":`)
	if _, rest, ok := bytes.Cut(a.body, []byte(`"state":"`)); ok {
		switch word, _, _ := bytes.Cut(rest, []byte(`"`)); string(word) {
		case "waiting":
			a.place.state = "waiting"
		case "turn":
			a.place.state = "turn"
		}
	}
}

// number reads a field; 0 if it is not there.
func number(body []byte, field string) uint32 {
	i := bytes.Index(body, []byte(field))
	if i < 0 {
		return 0
	}
	n := uint32(0)
	for _, c := range body[i+len(field):] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint32(c-'0')
	}
	return n
}

// readAdmission finds a JWT among the cookies; its claims are noted, not believed.
func (a *answer) readAdmission() error {
	_, token, _ := bytes.Cut(a.cookie, []byte("="))
	parts := bytes.Split(token, []byte("."))
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.AppendDecode(nil, parts[1])
	if err != nil {
		return err
	}
	var claims struct {
		Session string `json:"jti"`
		Ends    int64  `json:"exp"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return err
	}
	a.admission.session, a.admission.ends = claims.Session, claims.Ends
	return nil
}

// visitorID tells one visitor from another; the zero id is nobody.
func visitorID(i int) (id [16]byte) {
	binary.BigEndian.PutUint32(id[:], uint32(i)+1) //nolint:gosec // maxVisitors
	return id
}

// visitorName is how the shop is told who asks.
func visitorName(i int) string {
	id := visitorID(i)
	return hex.EncodeToString(id[:])
}
