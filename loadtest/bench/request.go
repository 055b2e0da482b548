//go:build linux

package main

import (
	"bytes"
	"strings"
)

// request is one as a browser's script sends it, but for the length of its
// headers. A POST carries an empty JSON object.
func request(method, host, path string, cookies ...string) []byte {
	var b bytes.Buffer
	b.WriteString(method + " " + path + " HTTP/1.1\r\nHost: " + host +
		"\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench\r\nAccept: application/json\r\nAccept-Language: en\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n")
	if len(cookies) > 0 {
		b.WriteString("Cookie: " + strings.Join(cookies, "; ") + "\r\n")
	}
	if method == "POST" {
		b.WriteString("Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	} else {
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

// cookieIn is the first cookie of that name that an answer sets, as in
// "name=value"; empty if it sets none.
func cookieIn(head []byte, name string) string {
	_, rest, found := bytes.Cut(head, []byte("\r\nSet-Cookie: "+name+"="))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte(";"))
	line, _, _ := bytes.Cut(value, []byte("\r\n"))
	return name + "=" + string(line)
}
