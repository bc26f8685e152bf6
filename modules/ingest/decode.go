package ingest

import (
	"strconv"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jsonscan"
)

// The longest texts by which something is known, in bytes: keys and reasons; epochs, streams and traceparents.
const (
	maxKey  = 255
	maxName = 64
)

// document is the body of POST /v2/ingest/logs, in either of its dialects: our gateways' items are events as
// activity.Event's JSON has them, with the delivery position seq in front; the design document's are
// {type, computerUid, userSid, payload: {windowTitle, …}, timestamp}. Members that are not known are skipped,
// so that a gateway may be newer than its server.
type document struct {
	gatewayID, token, epoch, stream string
	sentAt, until                   time.Time
	dropped                         []gateway.Dropped
	events                          []activity.Event
	seqs                            []int64 // positions of those events that have one
	hasData                         bool
}

// decoder makes a document of a body and collects what is wrong with it.
type decoder struct {
	jsonscan.Decoder
	doc     document
	limit   int    // of events
	series  bool   // the body may be a list by itself, or name its list records
	list    string // the name of the list that was read; empty for a body that is a list
	item    int    // of it that is read; -1 outside
	payload bool
	seq     int64
	tooMany bool
	equal   map[id.UUID]int // how often each content was seen
}

// decode reads a body of at most limit events. It returns a fault that names each field that is wrong,
// or that the body is no JSON.
func decode(body string, limit int) (document, error) {
	return newDecoder(body, limit).whole()
}

// decodeSeries reads a body of POST /v2/ingest/timeseries, of which the design document gives the use and not the
// form: a list of events, or an object that has it as data or as records, with whatever a batch may have beside it.
func decodeSeries(body string, limit int) (document, error) {
	d := newDecoder(body, limit)
	d.series = true
	if d.Next() == '[' {
		d.data("")
		return d.done()
	}
	return d.whole()
}

func newDecoder(body string, limit int) *decoder {
	d := &decoder{limit: limit, item: -1}
	d.Decoder = jsonscan.Decoder{Scanner: jsonscan.New(body), Path: d.path}
	return d
}

// whole reads a body that is an object.
func (d *decoder) whole() (document, error) {
	if !d.Open('{') {
		return document{}, errMalformed
	}
	for first := true; d.More(first, '}'); first = false {
		d.member(d.Name())
	}
	return d.done()
}

func (d *decoder) done() (document, error) {
	switch {
	case d.tooMany:
		return document{}, errTooManyEvents.With("Limit", d.limit)
	case !d.End():
		return document{}, errMalformed
	}
	if !d.doc.hasData {
		d.Wrong("data", "required", nil)
	}
	return d.doc, d.Faults.Err()
}

func (d *decoder) member(name string) {
	switch name {
	case "gatewayId":
		d.TextInto(&d.doc.gatewayID, name)
	case "idempotencyToken":
		d.TextInto(&d.doc.token, name)
	case "epoch":
		d.IDInto(&d.doc.epoch, name, maxName)
	case "stream":
		d.IDInto(&d.doc.stream, name, maxName)
	case "sentAt":
		d.TimeInto(&d.doc.sentAt, name)
	case "until":
		d.TimeInto(&d.doc.until, name)
	case "dropped":
		d.ranges()
	case "data":
		d.data(name)
	case "records":
		if !d.series {
			d.Skip(0)
			return
		}
		d.data(name)
	default:
		d.Skip(0)
	}
}

func (d *decoder) ranges() {
	d.List("dropped", func() {
		var r gateway.Dropped
		d.Object("dropped", func(name string) {
			switch name {
			case "first":
				d.NumberInto(&r.First, "dropped.first")
			case "last":
				d.NumberInto(&r.Last, "dropped.last")
			case "reason":
				d.IDInto(&r.Reason, "dropped.reason", maxKey)
			default:
				d.Skip(0)
			}
		})
		if r.First < 1 || r.Last < r.First {
			d.Wrong("dropped", codeBadRange, nil)
		}
		d.doc.dropped = append(d.doc.dropped, r)
	})
}

// typicalItem is about how many bytes one event takes; room is made by it.
const typicalItem = 300

func (d *decoder) data(name string) {
	if d.doc.hasData && d.list != name {
		d.Wrong(name, "repeated", nil)
	}
	d.list = name
	d.doc.events, d.doc.seqs = nil, nil // of two members with one name, the last counts
	room := min(d.limit, (d.Left())/typicalItem+1)
	d.doc.events, d.doc.seqs = make([]activity.Event, 0, room), make([]int64, 0, room)
	d.item = -1
	d.doc.hasData = d.List(name, d.event)
	d.item = -1
}

func (d *decoder) event() {
	if len(d.doc.events) == d.limit {
		d.tooMany = true
		d.Fail()
		return
	}
	d.item++
	d.doc.events = append(d.doc.events, activity.Event{})
	e := &d.doc.events[len(d.doc.events)-1]
	d.seq = 0
	if !d.Open('{') {
		d.Wrong("", "not_an_object", nil)
		d.Skip(0)
		return
	}
	for first := true; d.More(first, '}'); first = false {
		d.field(e, d.Name())
	}
	if d.Bad() {
		return
	}
	d.complete(e)
	if e.Key == "" {
		e.Key = d.key(e)
	}
	if d.seq > 0 {
		d.doc.seqs = append(d.doc.seqs, d.seq)
	}
}

// field takes one member of an item: what says whose event it is and when.
func (d *decoder) field(e *activity.Event, name string) {
	switch name {
	case "seq":
		if d.NumberInto(&d.seq, name); d.seq < 1 {
			d.Wrong(name, "not_a_number", nil)
		}
	case "type":
		var kind string
		d.TextInto(&kind, name)
		e.Kind = activity.Kind(kind)
	case "key":
		d.IDInto(&e.Key, name, maxKey)
	case "computerUid":
		d.TextInto(&e.ComputerUID, name)
	case "userSid":
		d.TextInto(&e.UserSID, name)
	case "at", "timestamp":
		d.TimeInto(&e.At, name)
	case "source":
		d.TextInto(&e.Source, name)
	case "aside":
		d.IDInto(&e.Aside, name, maxName)
	case "trace":
		d.IDInto(&e.Trace, name, maxName)
	case "details":
		d.details(e)
	case "payload":
		d.content(e)
	default:
		d.detail(e, name)
	}
}

// maxDetails bounds the details of one event: a map takes many times the memory of the text that it was read from.
const maxDetails = 32

// details takes what is told of a computer or a Windows user.
func (d *decoder) details(e *activity.Event) {
	if d.Word("null") {
		return
	}
	d.Object("details", func(name string) {
		var text string
		d.TextInto(&text, "details."+name)
		if e.Details == nil {
			e.Details = map[string]string{}
		}
		if _, known := e.Details[name]; !known && len(e.Details) == maxDetails {
			d.Wrong("details", "too_many_items", fault.Params{"Max": maxDetails})
			return
		}
		e.Details[name] = text
	})
}

func (d *decoder) content(e *activity.Event) {
	if d.Word("null") {
		return
	}
	if !d.Open('{') {
		d.Wrong("payload", "not_an_object", nil)
		d.Skip(0)
		return
	}
	d.payload = true
	for first := true; d.More(first, '}'); first = false {
		d.detail(e, d.Name())
	}
	d.payload = false
}

// detail takes one member of what happened; in the design document's dialect these stand in the payload.
func (d *decoder) detail(e *activity.Event, name string) {
	switch name {
	case "title", "windowTitle":
		d.TextInto(&e.Title, name)
	case "processName":
		d.TextInto(&e.Process, name)
	case "url":
		d.TextInto(&e.URL, name)
	case "durationSeconds", "duration":
		d.NumberInto(&e.Duration, name)
	case "end", "endTime":
		d.TimeInto(&e.End, name)
	case "sessionType":
		d.TextInto(&e.Session, name)
	case "filePath":
		d.TextInto(&e.FilePath, name)
	case "fileSize":
		d.NumberInto(&e.FileSize, name)
	case "sha256":
		d.TextInto(&e.SHA256, name)
	case "width":
		d.sizeInto(&e.Width, name)
	case "height":
		d.sizeInto(&e.Height, name)
	default:
		d.Skip(0)
	}
}

// complete notes what the event lacks.
func (d *decoder) complete(e *activity.Event) {
	if e.ComputerUID == "" && e.Kind != activity.ComputerUser {
		d.Wrong("computerUid", "required", nil)
	}
	if e.At.IsZero() {
		d.Wrong("timestamp", "required", nil)
	}
	switch e.Kind {
	case activity.ActiveWindow, activity.IdlePeriod, activity.Computer, activity.AgentState:
	case activity.ComputerUser:
		if e.UserSID == "" {
			d.Wrong("userSid", "required", nil)
		}
	case activity.VisitedSite:
		if e.URL == "" {
			d.Wrong("url", "required", nil)
		}
	case activity.Screenshot:
		if e.FilePath == "" {
			d.Wrong("filePath", "required", nil)
		}
	case activity.UserSession:
		switch e.Session {
		case activity.Login, activity.Logout, activity.Lock, activity.Unlock:
		default:
			d.Wrong("sessionType", codeUnknownSession, nil)
		}
	default:
		d.Wrong("type", codeUnknownType, nil)
	}
}

// key says which event this is where the sender did not: its content, and how many equal ones stood before it in
// the batch, so that a batch sent again is stored once and three equal items of one batch stay three.
func (d *decoder) key(e *activity.Event) string {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	content := id.Derive(0, string(e.Kind), e.ComputerUID, e.UserSID,
		n(e.At.Unix()), n(int64(e.At.Nanosecond())), n(e.End.Unix()), n(int64(e.End.Nanosecond())), n(e.Duration),
		e.Title, e.Process, e.URL, e.Session, e.FilePath, n(e.FileSize), e.SHA256, n(int64(e.Width)), n(int64(e.Height)))
	if d.equal == nil {
		d.equal = map[id.UUID]int{}
	}
	d.equal[content]++
	return content.String() + ":" + strconv.Itoa(d.equal[content])
}

// path is where a field of the current item is: data[3].payload.url, or [3].payload.url.
func (d *decoder) path(field string) string {
	if d.item < 0 {
		return field
	}
	at := d.list + "[" + strconv.Itoa(d.item) + "]"
	if d.payload {
		at += ".payload"
	}
	if field != "" {
		at += "." + field
	}
	return at
}

// sizeInto takes a number of pixels.
func (d *decoder) sizeInto(to *int32, field string) {
	var n int64
	d.NumberInto(&n, field)
	if n < 0 || n > maxPixels {
		d.Wrong(field, "not_a_number", nil)
		return
	}
	*to = int32(n)
}

const maxPixels = 1 << 20
