package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bilten/rushgate/admission"
)

// fleet is the ops addresses of gateways, as given on the command line.
type fleet []string

const fleetTimeout = 3 * time.Second // for one gateway

// have fails unless every gateway has loaded these keys of the file.
func (f fleet) have(a *app, file admission.KeyFile, ids ...string) error {
	return f.each(a, func(loaded admission.Loaded) error {
		var lacks []string
		for _, id := range ids {
			kind, _, err := file.Find(id)
			if err != nil {
				return err
			}
			if !slices.Contains(loaded.Of(kind), id) {
				lacks = append(lacks, string(kind)+" key "+id)
			}
		}
		if len(lacks) > 0 {
			return fmt.Errorf("lacks %s: give it the file and a SIGHUP", strings.Join(lacks, ", "))
		}
		return nil
	}, "has "+strings.Join(ids, ", "))
}

// signWithAnother fails while a gateway still signs with this key.
func (f fleet) signWithAnother(a *app, kind admission.Kind, id string) error {
	return f.each(a, func(loaded admission.Loaded) error {
		if keys := loaded.Of(kind); kind != admission.KindDraw && len(keys) > 0 && keys[0] == id {
			return fmt.Errorf("still signs with %s: give it the promoted file and a SIGHUP", id)
		}
		return nil
	}, "does not sign with "+id)
}

// each asks every gateway, says of each what it found, and fails with all that
// is wrong. A gateway that can't be asked is wrong too.
func (f fleet) each(a *app, judge func(admission.Loaded) error, well string) error {
	var errs []error
	for _, gateway := range f {
		loaded, err := loadedKeys(a.ctx, gateway)
		if err == nil {
			err = judge(loaded)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", gateway, err))
			continue
		}
		printf(a.stdout, "%s: %s\n", gateway, well)
	}
	return errors.Join(errs...)
}

// loadedKeys asks a gateway's /readyz, which answers 503 when it is not ready
// and names its keys all the same.
func loadedKeys(ctx context.Context, gateway string) (admission.Loaded, error) {
	base, err := url.Parse(gateway)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return admission.Loaded{}, errors.New("must be the URL of an ops listener, such as http://127.0.0.1:9090")
	}
	ctx, cancel := context.WithTimeout(ctx, fleetTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("readyz").String(), nil)
	if err != nil {
		return admission.Loaded{}, err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return admission.Loaded{}, fmt.Errorf("did not answer: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct {
		Keys *admission.Loaded `json:"keys"`
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, answerLimit)).Decode(&body)
	if err != nil || body.Keys == nil {
		return admission.Loaded{}, fmt.Errorf("/readyz answered %d and names no keys: not a gateway's ops listener, or an older gateway", answer.StatusCode)
	}
	return *body.Keys, nil
}
