package visitors

import (
	_ "net/http" // want "serve in http*.go"

	"github.com/uptrace/bun"
)

func search(q *bun.SelectQuery) {
	q.WhereOr("a = 1")                                                                             // want "WhereOr only inside WhereGroup"
	q.WhereOr("a = 1").WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery { return q }) // want "WhereOr only inside WhereGroup"
	q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("a = 1").WhereOr("a = 2") })
}
