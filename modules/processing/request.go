package processing

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/js"
)

// What a job can be about.
const (
	activeWindow    = "ACTIVE_WINDOW"
	visitedSite     = "VISITED_SITE"
	screenshot      = "SCREENSHOT"
	userSession     = "USER_SESSION"
	hikvisionAction = "HIKVISION_ACTION"
	hikvisionEvent  = "HIKVISION_EVENT"
)

var dataTypes = [...]string{activeWindow, visitedSite, screenshot, userSession, hikvisionAction, hikvisionEvent}

const (
	// maxID bounds the clients' ids of jobs and batches, in bytes.
	maxID = 200
	// maxPriority is the most urgent. A job that names none has middle.
	maxPriority, middle = 10, 5
)

// request is a job as its client ordered it.
type request struct {
	members js.Object
	raw     js.Object // rawData
	link    js.Object // computerUserLink
}

func parse(text json.RawMessage) request {
	in := js.Parse(text)
	return request{in, in.Object("rawData"), in.Object("computerUserLink")}
}

func (r request) dataType() string { return r.members.Text("dataType", maxID) }

func (r request) priority() int {
	if n := r.members.Integer("priority"); n != nil {
		return int(min(max(*n, 1), maxPriority))
	}
	return middle
}

// skipsValidation is v1's option of a client that vouches for its data.
func (r request) skipsValidation() bool { return r.members.Object("options").True("skipValidation") }

// faults are what is wrong with the data, in v1's words.
func (r request) faults() (wrong []string) {
	if r.raw == nil {
		return []string{"Raw data must be a valid object"}
	}
	text := func(names ...string) {
		for _, name := range names {
			if r.raw.Text(name, maxID) == "" {
				wrong = append(wrong, name+" is required")
			}
		}
	}
	number := func(name string) {
		if f, ok := r.raw.Number(name); !ok || math.Abs(f) > math.MaxInt32 {
			wrong = append(wrong, name+" must be a number")
		}
	}
	switch r.dataType() {
	case activeWindow:
		text("processName", "windowTitle")
		number("activeTime")
	case visitedSite:
		text("url")
		number("activeTime")
	case screenshot:
		text("imageData", "timestamp")
	case userSession:
		text("sessionStart", "username")
	}
	return wrong
}

// The forms of what links name: a SID of Windows tells itself from the name of a computer.
const sidPrefix = "S-1-"

// computer is the id of the computer of the link on the network, and user the SID of its Windows user; empty where the
// link names none. v1's clients put either into computerIdentifier. A user without a SID goes by its name.
func (r request) pair() (computer, user string) {
	info := r.link.Object("computerInfo")
	computer = r.link.Text("computerIdentifier", activity.MaxUID)
	user = r.link.Text("username", activity.MaxUID)
	if strings.HasPrefix(strings.ToUpper(computer), sidPrefix) {
		computer, user = info.Text("hostname", activity.MaxUID), computer
	}
	if computer == "" {
		computer = info.Text("hostname", activity.MaxUID)
	}
	return computer, user
}

// at is when it was: the first of these that is a time.
func (r request) at(created time.Time, names ...string) time.Time {
	for _, name := range names {
		if at := r.raw.Time(name); !at.IsZero() {
			return at
		}
	}
	if at := r.members.Time("timestamp"); !at.IsZero() {
		return at
	}
	return created
}

// event is what the data of an agent tells.
func (r request) event(jobID string, created time.Time) activity.Event {
	computer, user := r.pair()
	seconds, _ := r.raw.Number("activeTime")
	e := activity.Event{
		Key: "job " + jobID, ComputerUID: computer, UserSID: user, Source: "job",
		Process: r.raw.Text("processName", activity.MaxProcess), At: r.at(created, "datetime"), Duration: int64(min(max(seconds, math.MinInt32), math.MaxInt32)),
	}
	switch r.dataType() {
	case activeWindow:
		e.Kind, e.Title = activity.ActiveWindow, r.raw.Text("windowTitle", activity.MaxTitle)
	case visitedSite:
		e.Kind, e.Title, e.URL = activity.VisitedSite, r.raw.Text("title", activity.MaxTitle), r.raw.Text("url", activity.MaxURL)
	case screenshot:
		e.Kind, e.Title, e.At = activity.Screenshot, r.raw.Text("title", activity.MaxTitle), r.at(created, "datetime", "timestamp")
		e.FilePath, e.Duration = "job/"+jobID, 0
		p := js.ParsePicture(r.raw["imageData"])
		e.FileSize, e.SHA256 = p.Size, p.SHA256
	case userSession:
		e.Kind, e.At, e.End, e.Duration = activity.UserSession, r.at(created, "sessionStart"), r.raw.Time("sessionEnd"), 0
		e.Session = session(r.raw.Text("sessionType", maxID))
	}
	return e
}

// session is the kind of a session; v1's jobs had none, and told of people at work.
func session(name string) string {
	switch strings.ToUpper(name) {
	case "LOGOUT":
		return activity.Logout
	case "LOCKED":
		return activity.Lock
	case "UNLOCKED":
		return activity.Unlock
	}
	return activity.Login
}

// shown is the data as answers show it: a picture by its size and sum.
func (r request) shown() js.Object {
	if !r.raw.Has("imageData") {
		return r.raw
	}
	shown := js.Object{}
	for name, value := range r.raw {
		shown[name] = value
	}
	shown["imageData"] = js.ParsePicture(r.raw["imageData"]).JSON()
	return shown
}

// kept is a request as databases keep it.
func kept(raw json.RawMessage) json.RawMessage {
	if !utf8.Valid(raw) {
		return bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	return raw
}
