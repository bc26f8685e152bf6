package collector

import (
	"strconv"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jsonscan"
)

// decoder makes events of the body of POST /v2/agent/events and collects what is wrong with it. Members that are not
// known are skipped, so that an agent may be newer than its gateway.
type decoder struct {
	jsonscan.Decoder
	computerUID, userSID string
	events               []activity.Event
	limit                int
	item                 int // of events that is read; -1 outside
	tooMany              bool
}

// decode reads a body of at most limit events.
func decode(body string, limit int) ([]activity.Event, error) {
	d := &decoder{limit: limit, item: -1}
	d.Decoder = jsonscan.Decoder{Scanner: jsonscan.New(body), Path: d.path}
	if d.Open('{') {
		for first := true; d.More(first, '}'); first = false {
			d.member(d.Name())
		}
	}
	switch {
	case d.tooMany:
		return nil, errBatchTooLarge.With("Max", limit)
	case !d.End():
		return nil, errMalformed
	}
	d.item = -1
	require(&d.Faults, "computerUid", d.computerUID, activity.MaxUID)
	if len(d.events) == 0 {
		d.Wrong("events", "required", nil)
	}
	for d.item = range d.events {
		d.complete(&d.events[d.item])
	}
	return d.events, d.Faults.Err()
}

// path is where a field of the current event is: events[3].url.
func (d *decoder) path(field string) string {
	if d.item < 0 {
		return field
	}
	at := "events[" + strconv.Itoa(d.item) + "]"
	if field != "" {
		at += "." + field
	}
	return at
}

func (d *decoder) member(name string) {
	switch name {
	case "computerUid":
		d.TextInto(&d.computerUID, name)
	case "userSid":
		d.TextInto(&d.userSID, name)
	case "events":
		d.item, d.events = -1, make([]activity.Event, 0, min(d.limit, d.Left()/typicalEvent+1))
		d.List(name, d.event)
		d.item = -1
	default:
		d.Skip(0)
	}
}

// typicalEvent is about how many bytes one event takes; room is made by it.
const typicalEvent = 200

func (d *decoder) event() {
	if len(d.events) == d.limit {
		d.tooMany = true
		d.Fail()
		return
	}
	d.item++
	d.events = append(d.events, activity.Event{})
	e := &d.events[d.item]
	d.Object("", func(name string) { d.field(e, name) })
}

func (d *decoder) field(e *activity.Event, name string) {
	switch name {
	case "id":
		d.TextInto(&e.Key, name)
	case "type":
		var kind string
		d.TextInto(&kind, name)
		e.Kind = activity.Kind(kind)
	case "userSid":
		d.TextInto(&e.UserSID, name)
	case "at":
		d.TimeInto(&e.At, name)
	case "end":
		d.TimeInto(&e.End, name)
	case "durationSeconds":
		d.NumberInto(&e.Duration, name)
	case "title":
		d.TextInto(&e.Title, name)
	case "processName":
		d.TextInto(&e.Process, name)
	case "url":
		d.TextInto(&e.URL, name)
	case "private":
		d.FlagInto(&e.Private, name)
	case "sessionType":
		d.TextInto(&e.Session, name)
	case "filePath":
		d.TextInto(&e.FilePath, name)
	case "fileSize":
		d.NumberInto(&e.FileSize, name)
	default:
		d.Skip(0)
	}
}

// whose fills in whose an event is, and notes what of that it lacks.
func (d *decoder) whose(e *activity.Event) {
	e.ComputerUID, e.At = d.computerUID, e.At.UTC()
	if e.UserSID == "" {
		e.UserSID = d.userSID
	}
	if e.UserSID == "" {
		d.Wrong("userSid", "required", nil)
	} else if len(e.UserSID) > activity.MaxUID {
		d.Wrong("userSid", "too_long", fault.Params{"Max": activity.MaxUID})
	}
	if e.At.IsZero() {
		d.Wrong("at", "required", nil)
	}
	d.identify(e)
}

// complete fills in what the batch says for all its events, and notes what an event lacks.
func (d *decoder) complete(e *activity.Event) {
	d.whose(e)
	switch e.Kind {
	case activity.ActiveWindow, activity.IdlePeriod:
	case activity.VisitedSite:
		d.need("url", e.URL)
	case activity.Screenshot:
		d.need("filePath", e.FilePath)
	case activity.UserSession:
		kind, ok := sessionType(e.Session)
		if !ok {
			d.Wrong("sessionType", "collector.session_type_unknown", nil)
		}
		e.Session = kind
	default:
		d.Wrong("type", "collector.type_unknown", nil)
	}
}

// identify takes the agent's id of the event, or makes one: then every report is a new event.
func (d *decoder) identify(e *activity.Event) {
	if e.Key == "" {
		e.Key = id.New().String()
		return
	}
	u, err := id.Parse(e.Key)
	if err != nil {
		d.Wrong("id", "collector.not_a_uuid", nil)
	}
	e.Key = u.String() // a UUID has more than one spelling
}

func (d *decoder) need(field, text string) {
	if text == "" {
		d.Wrong(field, "required", nil)
	}
}
