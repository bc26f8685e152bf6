// Package gridtest walks through lists in tests.
package gridtest

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/staff-control/staff-control/platform/grid"
)

// All reads all pages of what the query asks for.
func All[Item any](t testing.TB, ctx context.Context, l grid.List[Item], query string) []Item {
	t.Helper()
	all, err := Walk(ctx, l, query)
	if err != nil {
		t.Fatalf("%s %s: %v", l.Name, query, err)
	}
	return all
}

// Walk reads all pages of what the query asks for, and checks that each knows how many rows there are.
func Walk[Item any](ctx context.Context, l grid.List[Item], query string) (all []Item, err error) {
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	for {
		page, err := l.Ask(ctx, parameters)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Total < len(all) || page.Next == "" && page.Total != len(all) {
			return nil, fmt.Errorf("%d in all, and the pages have %d", page.Total, len(all))
		}
		if page.Next == "" {
			return all, nil
		}
		parameters.Set("after", page.Next)
	}
}
