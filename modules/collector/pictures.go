package collector

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"strings"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/jsonscan"
	"github.com/staff-control/staff-control/platform/trace"
)

// decodePicture reads what is known of a picture. Members that say nothing of one are skipped.
func decodePicture(body string) (activity.Event, error) {
	d := &decoder{item: -1}
	d.Decoder = jsonscan.Decoder{Scanner: jsonscan.New(body), Path: d.path}
	var e activity.Event
	if d.Open('{') {
		for first := true; d.More(first, '}'); first = false {
			switch name := d.Name(); name {
			case "computerUid":
				d.TextInto(&d.computerUID, name)
			case "id", "userSid", "at", "title", "processName", "url", "private":
				d.field(&e, name)
			default:
				d.Skip(0)
			}
		}
	}
	if !d.End() {
		return e, errMalformed
	}
	require(&d.Faults, "computerUid", d.computerUID, activity.MaxUID)
	d.whose(&e)
	e.Kind = activity.Screenshot
	return e, d.Faults.Err()
}

// takePicture hands a picture over for good. When it returns nil it is durable.
func (s *service) takePicture(ctx context.Context, source string, e activity.Event, file io.Reader) (shot.Receipt, error) {
	if err := agent.Check(ctx, e.ComputerUID); err != nil {
		return shot.Receipt{}, err
	}
	e.ComputerUID, e.UserSID = cut(e.ComputerUID, activity.MaxUID), cut(e.UserSID, activity.MaxUID)
	keeps, err := s.keepsPicture(ctx, &e, file)
	if err != nil {
		return shot.Receipt{}, err
	}
	var r shot.Receipt
	if keeps {
		shorten(&e)
		e.URL = "" // it was told for the rules
		e.Source, e.Trace = source, trace.Parent(ctx)
		if r, err = s.shots.Take(ctx, shot.Shot{Event: e, Body: file}); err != nil {
			return r, err
		}
		if !r.Known {
			s.count(source, activity.Screenshot, 1)
		}
	}
	a, _ := actor.From(ctx)
	if states := s.statesOf(a.OrganizationID, []activity.Event{e}); len(states) > 0 {
		err = s.put(ctx, source, nil, states)
	}
	return r, err
}

// unreadable is why a screenshot is kept apart whose picture is none.
const unreadable = "unreadable_picture"

// takePicturesV1 takes the pictures that stand in v1's events in place of a path, and returns the events that remain.
// v1 took everything; so what is no picture in the end is not refused, but kept apart.
func (s *service) takePicturesV1(ctx context.Context, events []activity.Event) (rest []activity.Event, err error) {
	rest = events[:0]
	for _, e := range events {
		picture, is := pictureV1(e)
		if !is {
			rest = append(rest, e)
			continue
		}
		e.FilePath = ""
		_, err := s.takePicture(ctx, sourceV1, e, bytes.NewReader(picture))
		if err == nil {
			continue
		}
		if kind := fault.Of(err).Kind; kind != fault.Unprocessable && kind != fault.TooLarge {
			return nil, err
		}
		e.FilePath, e.Aside = unreadable, unreadable
		rest = append(rest, e)
	}
	return rest, nil
}

// pictureV1 reads a data URL, or the base64 of a file that begins as a JPEG, a PNG or a WebP does.
func pictureV1(e activity.Event) ([]byte, bool) {
	if e.Kind != activity.Screenshot {
		return nil, false
	}
	text := e.FilePath
	if kind, data, is := strings.Cut(text, ";base64,"); is && strings.HasPrefix(kind, "data:image/") {
		picture, err := base64.StdEncoding.DecodeString(data)
		return picture, err == nil
	}
	if len(text) <= activity.MaxPath { // no picture is that small, and a path may begin like one
		return nil, false
	}
	for _, head := range []string{"/9j/", "iVBORw0KGg", "UklGR"} {
		if strings.HasPrefix(text, head) {
			picture, err := base64.StdEncoding.DecodeString(text)
			return picture, err == nil
		}
	}
	return nil, false
}
