package log

import (
	"context"
	"log/slog"
	"slices"

	"github.com/staff-control/staff-control/platform/actor"
)

type key struct{}

// With returns a context whose log lines carry attrs. An attribute replaces an earlier one of its name.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	carried, _ := ctx.Value(key{}).([]slog.Attr)
	all := slices.DeleteFunc(slices.Clone(carried), func(old slog.Attr) bool {
		return slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == old.Key })
	})
	return context.WithValue(ctx, key{}, append(all, attrs...))
}

// contextHandler puts the context's attributes and its actor at the root of each line, also of
// loggers with a group; so it keeps the groups itself.
type contextHandler struct {
	next   slog.Handler
	groups []group
}

// group is an open group and the attributes that were added in it.
type group struct {
	name  string
	attrs []slog.Attr
}

func (h *contextHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return h.next.Enabled(ctx, l)
}

func (h *contextHandler) Handle(ctx context.Context, r slog.Record) error {
	line := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	line.AddAttrs(fromContext(ctx)...)
	if len(h.groups) == 0 {
		r.Attrs(func(a slog.Attr) bool { line.AddAttrs(a); return true })
		return h.next.Handle(ctx, line)
	}
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })
	for _, g := range slices.Backward(h.groups) {
		attrs = []slog.Attr{{Key: g.name, Value: slog.GroupValue(slices.Concat(g.attrs, attrs)...)}}
	}
	line.AddAttrs(attrs...)
	return h.next.Handle(ctx, line)
}

func fromContext(ctx context.Context) []slog.Attr {
	attrs, _ := ctx.Value(key{}).([]slog.Attr)
	a, ok := actor.From(ctx)
	if !ok {
		return attrs
	}
	attrs = append(slices.Clip(attrs), slog.String("actor", a.ID))
	if a.OrganizationID != 0 {
		attrs = append(attrs, slog.Int64("org_id", a.OrganizationID))
	}
	return attrs
}

func (h *contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	if len(h.groups) == 0 {
		return &contextHandler{next: h.next.WithAttrs(attrs)}
	}
	groups := slices.Clone(h.groups)
	last := &groups[len(groups)-1]
	last.attrs = slices.Concat(last.attrs, attrs)
	return &contextHandler{h.next, groups}
}

func (h *contextHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &contextHandler{h.next, append(slices.Clip(h.groups), group{name: name})}
}
