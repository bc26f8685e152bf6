package httpx_test

import (
	"context"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

// The refusals are those of v1's recordings.
func TestListsAreAskedForAsOfV1(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	s.RouterV1("list", []string{"/api/v1/list"}, httpx.RAW).GET("/api/v1/list", actor.Public, httpx.Handle(200,
		func(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[httpx.ListV1], err error) {
			l, err := in.List(ctx, "id", "name")
			if l.Search != "empty" {
				page.Data = append(page.Data, l)
			}
			page.Page, page.Limit, page.Total = l.Page, l.Limit, l.Offset()
			return page, err
		}), httpx.Lenient())
	for query, want := range map[string]string{
		"":                    `"Sort":"","Desc":false}],"total":0,"page":1,"limit":10}`,
		"?search=empty":       `{"data":[],"total":0,"page":1,"limit":10}`,
		"?page=3&limit=100":   `"total":200,"page":3,"limit":100}`,
		"?page=1.9&limit=5x":  `"page":1,"limit":5}`,
		"?page=1&page=2":      `"page":1,"limit":10}`,
		"?isActive=true":      `"IsActive":true`,
		"?isActive=false":     `"IsActive":false`,
		"?sort=id":            `"Sort":"id","Desc":false`,
		"?sort=id&order=asc":  `"Sort":"id","Desc":false`,
		"?sort=id&order=desc": `"Sort":"id","Desc":true`,
		"?startDate=x&endDate=y&filters=z&search=%D0%A8": `"Search":"Ш"`,
	} {
		httptestx.Run(t, s, httptestx.Scenario{Name: query, Path: "/api/v1/list" + query, Status: 200, Contains: []string{want}})
	}
	for query, want := range map[string]string{
		"?page=0":              "page: page must not be less than 1",
		"?page=abc":            "page: page must not be less than 1, page must be an integer number",
		"?page=":               "page: page must not be less than 1, page must be an integer number",
		"?limit=101":           "limit: limit must not be greater than 100",
		"?limit=0":             "limit: limit must not be less than 1",
		"?limit=abc":           "limit: limit must not be greater than 100, limit must not be less than 1, limit must be an integer number",
		"?isActive=maybe":      "isActive: isActive must be a boolean value",
		"?unknown=1":           "unknown: property unknown should not exist",
		"?filters[a]=1&b=2":    "b: property b should not exist; filters[a]: property filters[a] should not exist",
		"?page=99999999999999": "page: page must not be greater than 2,147,483,647",
	} {
		httptestx.Run(t, s, httptestx.Scenario{
			Name: query, Path: "/api/v1/list" + query, Status: 400,
			Contains: []string{`{"code":"HTTP_EXCEPTION","message":"Validation failed: ` + want + `"}`},
		})
	}
	for _, query := range []string{"?sort=nope", "?sort=id&order=up", "?search=%00"} {
		httptestx.Run(t, s, httptestx.Scenario{Name: query, Path: "/api/v1/list" + query, Status: 400})
	}
}
