package organizer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

const contractFile = "../../docs/openapi.yaml"

func TestMain(m *testing.M) {
	openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/merge-patch+json", openapi3filter.JSONBodyDecoder)
	os.Exit(m.Run())
}

// contract holds every request that succeeds and every answer against
// docs/openapi.yaml.
type contract struct {
	document *openapi3.T
	router   routers.Router
}

func readContract(t *testing.T) contract {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromFile(contractFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Fatalf("%s is not valid OpenAPI: %v", contractFile, err)
	}
	router, err := legacy.NewRouter(document)
	if err != nil {
		t.Fatal(err)
	}
	return contract{document: document, router: router}
}

// needsKey is the authentication function: without one the validator would let
// any request pass.
func needsKey(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	if !strings.HasPrefix(input.RequestValidationInput.Request.Header.Get("Authorization"), "Bearer rgk_") {
		return errors.New("no API key")
	}
	return nil
}

func (c contract) check(t *testing.T, request *http.Request, body string, answer *httptest.ResponseRecorder) {
	t.Helper()
	route, params, err := c.router.FindRoute(request)
	if err != nil {
		if answer.Code < http.StatusBadRequest {
			t.Errorf("%s %s is not in the contract: %v", request.Method, request.URL.Path, err)
		}
		return
	}
	request.Body = io.NopCloser(strings.NewReader(body))
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: needsKey, IncludeResponseStatus: true},
	}
	if answer.Code < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(t.Context(), input); err != nil {
			t.Errorf("%s %s succeeded against the contract: %v", request.Method, request.URL.Path, err)
		}
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 answer.Code,
		Header:                 answer.Header(),
		Body:                   io.NopCloser(bytes.NewReader(answer.Body.Bytes())),
		Options:                input.Options,
	})
	if err != nil {
		t.Errorf("%s %s was answered against the contract: %v", request.Method, request.URL.Path, err)
	}
}
