package collector

import (
	"context"
	"errors"
	"io"

	"github.com/staff-control/staff-control/modules/collector/intakepb"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// sendScreenshot takes one picture, as the route does: what is known of it comes first, and the file goes where it is
// kept as it comes.
func (m *Module) sendScreenshot(ctx context.Context, receive func() (*intakepb.SendScreenshotRequest, error)) (*intakepb.SendScreenshotResponse, error) {
	first, err := receive()
	if errors.Is(err, io.EOF) {
		return nil, errPictureForm
	}
	if err != nil {
		return nil, err
	}
	if first.GetMetadata() == nil {
		return nil, errPictureForm
	}
	e, err := pictureOf(first.GetMetadata())
	if err != nil {
		return nil, err
	}
	r, err := m.service.takePicture(ctx, sourceAPI, e, &chunks{receive: receive})
	if err != nil {
		return nil, err
	}
	return &intakepb.SendScreenshotResponse{Known: r.Known, Sha256: r.Event.SHA256, Size: r.Event.FileSize, ServerTime: m.stamp()}, nil
}

// pictureOf reads what is known of a picture by the rules of decodePicture.
func pictureOf(in *intakepb.ScreenshotMetadata) (activity.Event, error) {
	d := &decoder{computerUID: in.GetComputerUid(), item: -1}
	d.Path = d.path
	e := activity.Event{
		Kind: activity.Screenshot, Key: in.GetId(), UserSID: in.GetUserSid(), Title: in.GetTitle(), Process: in.GetProcessName(), URL: in.GetUrl(),
		Private: in.GetPrivate(),
	}
	d.timeInto(&e.At, "at", in.GetAt())
	require(&d.Faults, "computerUid", d.computerUID, activity.MaxUID)
	d.whose(&e)
	return e, d.Faults.Err()
}

// chunks is a file that comes in pieces.
type chunks struct {
	receive func() (*intakepb.SendScreenshotRequest, error)
	rest    []byte
}

// Read reads some of it. Its errors are faults, but for io.EOF.
func (c *chunks) Read(b []byte) (int, error) {
	for len(c.rest) == 0 {
		in, err := c.receive()
		if err != nil {
			return 0, err
		}
		piece, is := in.GetPart().(*intakepb.SendScreenshotRequest_Chunk)
		if !is {
			return 0, errPictureForm
		}
		c.rest = piece.Chunk
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
