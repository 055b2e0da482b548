package web

import (
	"net/http"
	"strings"
)

// form is what a client can make use of.
type form int

const (
	asProblemJSON form = iota // scripts, apps, curl
	asHTML                    // a person with a browser
	asJSON                    // a client that asks for JSON by name
)

// preferred says which form an answer should have. A browser that navigates
// says so itself; Accept is believed where it does not.
func preferred(r *http.Request) form {
	accept := r.Header.Get("Accept")
	switch mode := r.Header.Get("Sec-Fetch-Mode"); {
	case mode == "navigate":
		return asHTML
	case mode == "" && strings.Contains(accept, "text/html"):
		return asHTML
	case strings.Contains(accept, "application/json"):
		return asJSON
	}
	return asProblemJSON
}

// navigation is a browser fetching a page to show it.
func navigation(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && preferred(r) == asHTML
}

// prefetch is a browser fetching a page that nobody has asked for yet.
func prefetch(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") || strings.EqualFold(r.Header.Get("Purpose"), "prefetch")
}

// unseen is a request whose answer nobody looks at: a prefetch, or what another
// site's page loads. It takes neither slot nor place: else a page that many
// people read could fill a room with them, one invisible frame each.
func unseen(r *http.Request, origins []string) bool {
	foreign := r.Header.Get("Sec-Fetch-Site") == "cross-site" && (preferred(r) != asHTML || framed(r)) && !allowedOrigin(r, origins)
	return foreign || prefetch(r)
}

// framed is a page inside of another page.
func framed(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "iframe", "frame", "embed", "object", "fencedframe":
		return true
	}
	return false
}

// postedForm is a form sent by a browser without JavaScript.
func postedForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// preflight is a browser asking whether another origin's script may call.
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// fromElsewhere says that another site's page sent the request and may not.
// Browsers tell by Sec-Fetch-Site, old ones and those on plain http by Origin;
// what does not come from a browser tells nothing.
func fromElsewhere(r *http.Request, origins []string) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		origin := r.Header.Get("Origin")
		if origin == "" || sameHost(origin, r.Host) {
			return false
		}
	}
	return !allowedOrigin(r, origins)
}

// sameHost compares without ports: a balancer may have another one than we see.
func sameHost(origin, hostport string) bool {
	_, authority, _ := strings.Cut(origin, "://")
	theirs, _, err := canonicalHost(authority)
	ours, _, _ := canonicalHost(hostport)
	return err == nil && theirs == ours
}

func allowedOrigin(r *http.Request, origins []string) bool {
	origin := r.Header.Get("Origin")
	for _, o := range origins {
		if o == origin && origin != "" {
			return true
		}
	}
	return false
}

// crossOrigin lets the scripts of allowed origins read our answers, with cookies.
func crossOrigin(w http.ResponseWriter, r *http.Request, origins []string) {
	if len(origins) == 0 {
		return
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if !allowedOrigin(r, origins) {
		return
	}
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Retry-After, Rushgate-State, Rushgate-Pass, Rushgate-Admission")
}

// answerPreflight lets an allowed origin send what a route takes: ours name
// methods; on a protected route it is whatever the shop does, by any method that
// passes the gate.
func answerPreflight(w http.ResponseWriter, r *http.Request, origins []string, methods ...string) {
	crossOrigin(w, r, origins)
	h := w.Header()
	asked := r.Header.Get("Access-Control-Request-Method")
	if len(methods) == 0 && checkMethod(asked) == nil {
		methods = []string{asked}
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
		h.Set("Access-Control-Allow-Headers", names)
	}
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}
