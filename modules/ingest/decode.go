package ingest

import (
	"strconv"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
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

// maxFaults bounds the details of one refusal.
const maxFaults = 20

// decoder makes a document of a body and collects what is wrong with it.
type decoder struct {
	scanner
	doc     document
	limit   int // of events
	item    int // of data that is read; -1 outside
	payload bool
	seq     int64
	tooMany bool
	faults  fault.Fields
	equal   map[id.UUID]int // how often each content was seen
}

// decode reads a body of at most limit events. It returns a fault that names each field that is wrong,
// or that the body is no JSON.
func decode(body string, limit int) (document, error) {
	d := &decoder{scanner: scanner{in: body}, limit: limit, item: -1}
	if !d.open('{') {
		return document{}, errMalformed
	}
	for first := true; d.more(first, '}'); first = false {
		d.member(d.name())
	}
	switch {
	case d.tooMany:
		return document{}, errTooManyEvents.With("Limit", limit)
	case !d.end():
		return document{}, errMalformed
	}
	if !d.doc.hasData {
		d.wrong("data", "required", nil)
	}
	return d.doc, d.faults.Err()
}

func (d *decoder) member(name string) {
	switch name {
	case "gatewayId":
		d.textInto(&d.doc.gatewayID, name)
	case "idempotencyToken":
		d.textInto(&d.doc.token, name)
	case "epoch":
		d.textInto(&d.doc.epoch, name)
	case "stream":
		d.textInto(&d.doc.stream, name)
	case "sentAt":
		d.timeInto(&d.doc.sentAt, name)
	case "until":
		d.timeInto(&d.doc.until, name)
	case "dropped":
		d.ranges()
	case "data":
		d.data()
	default:
		d.skip(0)
	}
}

// list takes a list and calls item for each of its values.
func (d *decoder) list(name string, item func()) bool {
	if d.word("null") {
		return false
	}
	if !d.open('[') {
		d.wrong(name, "not_a_list", nil)
		d.skip(0)
		return false
	}
	for first := true; d.more(first, ']'); first = false {
		item()
	}
	return true
}

// object takes an object and calls member for the name of each of its values.
func (d *decoder) object(name string, member func(string)) {
	if !d.open('{') {
		d.wrong(name, "not_an_object", nil)
		d.skip(0)
		return
	}
	for first := true; d.more(first, '}'); first = false {
		member(d.name())
	}
}

func (d *decoder) ranges() {
	d.list("dropped", func() {
		var r gateway.Dropped
		d.object("dropped", func(name string) {
			switch name {
			case "first":
				d.numberInto(&r.First, "dropped.first")
			case "last":
				d.numberInto(&r.Last, "dropped.last")
			case "reason":
				d.textInto(&r.Reason, "dropped.reason")
			default:
				d.skip(0)
			}
		})
		if r.First < 1 || r.Last < r.First {
			d.wrong("dropped", codeBadRange, nil)
		}
		d.doc.dropped = append(d.doc.dropped, r)
	})
}

// typicalItem is about how many bytes one event takes; room is made by it.
const typicalItem = 300

func (d *decoder) data() {
	d.doc.events, d.doc.seqs = nil, nil // of two members with one name, the last counts
	room := min(d.limit, (len(d.in)-d.at)/typicalItem+1)
	d.doc.events, d.doc.seqs = make([]activity.Event, 0, room), make([]int64, 0, room)
	d.item = -1
	d.doc.hasData = d.list("data", d.event)
	d.item = -1
}

func (d *decoder) event() {
	if len(d.doc.events) == d.limit {
		d.tooMany = true
		d.fail()
		return
	}
	d.item++
	d.doc.events = append(d.doc.events, activity.Event{})
	e := &d.doc.events[len(d.doc.events)-1]
	d.seq = 0
	if !d.open('{') {
		d.wrong("", "not_an_object", nil)
		d.skip(0)
		return
	}
	for first := true; d.more(first, '}'); first = false {
		d.field(e, d.name())
	}
	if d.bad {
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
		if d.numberInto(&d.seq, name); d.seq < 1 {
			d.wrong(name, "not_a_number", nil)
		}
	case "type":
		var kind string
		d.textInto(&kind, name)
		e.Kind = activity.Kind(kind)
	case "key":
		d.textInto(&e.Key, name)
	case "computerUid":
		d.textInto(&e.ComputerUID, name)
	case "userSid":
		d.textInto(&e.UserSID, name)
	case "at", "timestamp":
		d.timeInto(&e.At, name)
	case "source":
		d.textInto(&e.Source, name)
	case "trace":
		d.textInto(&e.Trace, name)
	case "details":
		d.object(name, func(detail string) {
			if e.Details == nil {
				e.Details = map[string]string{}
			}
			var text string
			d.textInto(&text, "details."+detail)
			e.Details[detail] = text
		})
	case "payload":
		d.content(e)
	default:
		d.detail(e, name)
	}
}

func (d *decoder) content(e *activity.Event) {
	if d.word("null") {
		return
	}
	if !d.open('{') {
		d.wrong("payload", "not_an_object", nil)
		d.skip(0)
		return
	}
	d.payload = true
	for first := true; d.more(first, '}'); first = false {
		d.detail(e, d.name())
	}
	d.payload = false
}

// detail takes one member of what happened; in the design document's dialect these stand in the payload.
func (d *decoder) detail(e *activity.Event, name string) {
	switch name {
	case "title", "windowTitle":
		d.textInto(&e.Title, name)
	case "processName":
		d.textInto(&e.Process, name)
	case "url":
		d.textInto(&e.URL, name)
	case "durationSeconds", "duration":
		d.numberInto(&e.Duration, name)
	case "end", "endTime":
		d.timeInto(&e.End, name)
	case "sessionType":
		d.textInto(&e.Session, name)
	case "filePath":
		d.textInto(&e.FilePath, name)
	case "fileSize":
		d.numberInto(&e.FileSize, name)
	case "sha256":
		d.textInto(&e.SHA256, name)
	case "width":
		d.sizeInto(&e.Width, name)
	case "height":
		d.sizeInto(&e.Height, name)
	default:
		d.skip(0)
	}
}

// complete notes what the event lacks.
func (d *decoder) complete(e *activity.Event) {
	if e.ComputerUID == "" && e.Kind != activity.ComputerUser {
		d.wrong("computerUid", "required", nil)
	}
	if e.At.IsZero() {
		d.wrong("timestamp", "required", nil)
	}
	switch e.Kind {
	case activity.ActiveWindow, activity.IdlePeriod, activity.Computer:
	case activity.ComputerUser:
		if e.UserSID == "" {
			d.wrong("userSid", "required", nil)
		}
	case activity.VisitedSite:
		if e.URL == "" {
			d.wrong("url", "required", nil)
		}
	case activity.Screenshot:
		if e.FilePath == "" {
			d.wrong("filePath", "required", nil)
		}
	case activity.UserSession:
		switch e.Session {
		case activity.Login, activity.Logout, activity.Lock, activity.Unlock:
		default:
			d.wrong("sessionType", codeUnknownSession, nil)
		}
	default:
		d.wrong("type", codeUnknownType, nil)
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

func (d *decoder) wrong(field, code string, params fault.Params) {
	if len(d.faults) < maxFaults && !d.bad {
		d.faults.Add(d.path(field), code, params)
	}
}

// path is where a field of the current item is: data[3].payload.url.
func (d *decoder) path(field string) string {
	if d.item < 0 {
		return field
	}
	at := "data[" + strconv.Itoa(d.item) + "]"
	if d.payload {
		at += ".payload"
	}
	if field != "" {
		at += "." + field
	}
	return at
}

// textInto takes a text; null leaves what is there.
func (d *decoder) textInto(to *string, field string) {
	switch {
	case d.next() == '"':
		*to = d.text()
	case d.word("null"):
	default:
		d.wrong(field, "not_text", nil)
		d.skip(0)
	}
}

func (d *decoder) timeInto(to *time.Time, field string) {
	var text string
	d.textInto(&text, field)
	if text == "" {
		return
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		d.wrong(field, "not_a_time", nil)
		return
	}
	*to = t
}

func (d *decoder) numberInto(to *int64, field string) {
	switch c := d.next(); {
	case c == '-' || '0' <= c && c <= '9':
		n, ok := d.number()
		if !ok {
			d.wrong(field, "not_a_number", nil)
			return
		}
		*to = n
	case d.word("null"):
	default:
		d.wrong(field, "not_a_number", nil)
		d.skip(0)
	}
}

// sizeInto takes a number of pixels.
func (d *decoder) sizeInto(to *int32, field string) {
	var n int64
	d.numberInto(&n, field)
	if n < 0 || n > maxPixels {
		d.wrong(field, "not_a_number", nil)
		return
	}
	*to = int32(n)
}

const maxPixels = 1 << 20
