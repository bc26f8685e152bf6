package retention

import (
	"context"
	"fmt"
)

// outcome is what a run did with one kind, in all organizations.
type outcome struct {
	kind                string
	rows, files, bytes  int64
	heldRows, heldFiles int64
}

// keep notes a day that is held.
func (w *work) keep(ctx context.Context, t *task) {
	if err := w.countFiles(ctx, t); err != nil {
		w.log.WarnContext(ctx, "the files of a day that is held could not be counted", "kind", w.kind.name, "error", err)
	}
	w.kept = append(w.kept, t)
}

func (w *work) outcome() outcome {
	o := outcome{kind: w.kind.name}
	for _, t := range w.tasks {
		if t.run.State == finished {
			o.rows, o.files, o.bytes = o.rows+t.run.Rows, o.files+t.run.Files, o.bytes+t.run.Bytes
		}
	}
	for _, t := range w.kept {
		files, _ := sizes(t.list)
		o.heldRows, o.heldFiles = o.heldRows+t.rows, o.heldFiles+files
	}
	return o
}

// String is the outcome for whoever typed the command.
func (o outcome) String() string {
	return fmt.Sprintf("%-14s %9d rows, %7d files (%d bytes) are gone; held: %d rows, %d files", o.kind, o.rows, o.files, o.bytes, o.heldRows, o.heldFiles)
}
