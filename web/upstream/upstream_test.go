package upstream

import (
	"strings"
	"testing"
	"time"
)

func TestNewNamesWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		why    string
		config Config
		want   string // in the error; empty: none
	}{
		{"http and https", Config{Name: "shop", Instances: []string{"http://10.0.0.1:8080/", "https://shop.internal"}}, ""},
		{"IPv6", Config{Name: "shop", Instances: []string{"http://[::1]:8080"}}, ""},
		{"no name", Config{Instances: []string{"http://a"}}, "name: must not be empty"},
		{"no instances", Config{Name: "shop"}, `pool "shop": instances: at least one`},
		{"no scheme", Config{Name: "shop", Instances: []string{"10.0.0.1:8080"}}, `instances[0]: "10.0.0.1:8080": is not a URL`},
		{"another scheme", Config{Name: "shop", Instances: []string{"http://a", "ftp://b"}}, `instances[1]: "ftp://b": must begin with http`},
		{"no host", Config{Name: "shop", Instances: []string{"http://:80"}}, "names no host"},
		{"a path", Config{Name: "shop", Instances: []string{"http://a/shop"}}, "must end after the host and port"},
		{"a query", Config{Name: "shop", Instances: []string{"http://a?b"}}, "must end after the host and port"},
		{"a password", Config{Name: "shop", Instances: []string{"http://u:p@a"}}, "must not carry a user name"},
		{"one instance twice", Config{Name: "shop", Instances: []string{"http://a", "http://a/"}}, "is listed twice"},
		{"negative bounds", Config{Name: "shop", Instances: []string{"http://a"}, Limits: Limits{MaxInFlight: -1}}, "max_in_flight: -1"},
		{"a negative timeout", Config{Name: "shop", Instances: []string{"http://a"}, Limits: Limits{AnswerTimeout: -time.Second}}, "answer_timeout: -1s"},
		{"no certificate", Config{Name: "shop", Instances: []string{"https://a"}, TLS: TLS{CA: []byte("x")}}, "tls.ca: holds no PEM"},
	} {
		_, err := New(tt.config)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: New = %v; want no error", tt.why, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: New = %v; want %q", tt.why, err, tt.want)
		}
	}
}

func TestPasswordsStayOutOfErrors(t *testing.T) {
	_, err := New(Config{Name: "shop", Instances: []string{"http://user:secret@a"}})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("New = %v; want an error without the password", err)
	}
}

func TestSlots(t *testing.T) {
	s := slots{limit: 2}
	got := []bool{s.take(), s.take(), s.take()}
	s.release()
	got = append(got, s.take())
	for i, want := range []bool{true, true, false, true} {
		if got[i] != want {
			t.Errorf("take no. %d of 2 = %v; want %v", i+1, got[i], want)
		}
	}
}
