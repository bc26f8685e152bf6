package httpx_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

func TestHeadAnswersAsGetWithoutABody(t *testing.T) {
	t.Parallel()
	s := httptestx.New(t, httpx.Options{})
	s.Router("t", []string{"/t"}).GET("/t", actor.Public, httpx.Handle(http.StatusOK, func(context.Context, struct{}) (string, error) { return "body", nil }))
	ts := httptest.NewServer(s)
	defer ts.Close()
	res, err := http.Head(ts.URL + "/t")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || len(body) != 0 {
		t.Errorf("HEAD answers %d with %q", res.StatusCode, body)
	}
	if len(s.Routes()) != 7 { // with the server's own descriptions
		t.Errorf("the table has %d routes", len(s.Routes()))
	}
}
