package activitywatch

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
)

// judge leaves of a watcher's event what may be kept; why is why nothing may. Buckets are on the disk, so it is asked
// of all that comes, also of what is not ours to store.
func (s *service) judge(ctx context.Context, b bucket.Bucket, e bucket.Event) (kept bucket.Event, why string, err error) {
	if incognito(e.Data) {
		return e, rule.WhyPrivate, nil
	}
	rules, err := s.rules.Of(ctx, b.ComputerUID, userOf(b.ComputerUID))
	if err != nil {
		return e, "", err
	}
	c := contentOf(e.Data)
	like := activity.Event{
		Kind: kindOf(b.Type), At: e.At, Duration: int64((e.Duration + time.Second - 1) / time.Second),
		Process: string(c.App), Title: string(c.Title), URL: string(c.URL),
	}
	if b.Type == typeWeb {
		like.Process = browserOf(b.Name)
	}
	lasts := like.Duration
	if ok, why := rules.Keeps(&like); !ok {
		return e, why, nil
	}
	for _, text := range textsOf(e.Data) {
		part := activity.Event{Kind: like.Kind, At: like.At, Title: text}
		if strings.Contains(text, "://") {
			part.URL = text
		}
		if ok, why := rules.Keeps(&part); !ok {
			return e, why, nil
		}
	}
	if c.URL != "" && like.URL == "" {
		e.Data = withoutAddress(e.Data)
	}
	if end := e.End(); like.At.After(e.At) || like.Duration < lasts {
		e.At = like.At
		e.Duration = min(end.Sub(e.At), time.Duration(like.Duration)*time.Second)
	}
	return e, "", nil
}

// kindOf is the kind of event that a bucket's are judged as.
func kindOf(bucketType string) activity.Kind {
	switch bucketType {
	case typeWeb:
		return activity.VisitedSite
	case typeAFK:
		return activity.IdlePeriod
	}
	return activity.ActiveWindow
}

// textsOf are all texts in the data.
func textsOf(data string) (texts []string) {
	var all any
	_ = json.Unmarshal([]byte(data), &all) // canonical JSON, made by us
	for todo := []any{all}; len(todo) > 0; {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch v := last.(type) {
		case string:
			texts = append(texts, v)
		case []any:
			todo = append(todo, v...)
		case map[string]any:
			for name, value := range v {
				texts = append(texts, name)
				todo = append(todo, value)
			}
		}
	}
	return texts
}

// withoutAddress is the data without what is its address.
func withoutAddress(data string) string {
	var all map[string]any
	dec := json.NewDecoder(strings.NewReader(data))
	dec.UseNumber()
	_ = dec.Decode(&all) // canonical JSON, made by us
	maps.DeleteFunc(all, func(name string, _ any) bool { return strings.EqualFold(name, "url") })
	if data, err := canonical(all); err == nil {
		return data
	}
	return nothing
}

// nothing is the data of an event of which nothing may be kept.
const nothing = "{}"

// sift takes out of a change what may not be kept. What began before the rules were as they are now does not go on, nor
// is it written again.
func (s *service) sift(ctx context.Context, b bucket.Bucket, c *bucket.Change) error {
	rules, err := s.rules.Of(ctx, b.ComputerUID, userOf(b.ComputerUID))
	if err != nil {
		return err
	}
	kept := c.Events[:0]
	for _, e := range c.Events {
		if ok, _ := rules.Keeps(&e); ok {
			kept = append(kept, e)
		}
	}
	c.Events = kept
	closed := c.Closed[:0]
	for _, e := range c.Closed {
		if left, why, _ := s.judge(ctx, b, e); why == "" {
			e.Data = left.Data
			closed = append(closed, e)
		}
	}
	c.Closed = closed
	left, why, _ := s.judge(ctx, b, c.Draft.Event)
	if c.Draft.Data = left.Data; why != "" {
		c.Draft.Data, c.Draft.Ended = nothing, true
	}
	return nil
}

// forgetExcluded takes out of the buckets what new rules leave out, until ctx ends.
func (s *service) forgetExcluded(ctx context.Context) error {
	for {
		changed := s.rules.Changed()
		for _, h := range s.all() {
			if err := s.blank(ctx, h); err != nil {
				s.log.DebugContext(ctx, "what is excluded now stays in its bucket until something follows", "error", err)
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// blank takes of the bucket's last event what may not be kept.
func (s *service) blank(ctx context.Context, h *held) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone || h.draft == nil || h.draft.Data == nothing {
		return nil
	}
	if left, why, err := s.judge(ctx, h.is, h.draft.Event); err != nil || why == "" && left.Data == h.draft.Data {
		return err
	}
	return s.keep(ctx, h, bucket.Change{Draft: *h.draft})
}
