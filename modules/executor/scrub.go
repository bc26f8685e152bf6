package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/log"
)

var (
	// keys are what opens something here, whatever stands beside it.
	keys = regexp.MustCompile(`\b(?:s[a-z]{2}|sk|pk)_[A-Za-z0-9_-]{8,}`)
	// pairs are the attributes of a line of the log that is text.
	pairs = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.-]*)=("(?:[^"\\]|\\.)*"|\S*)`)
)

// scrub takes out what concerns people or opens anything.
func scrub(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		out.WriteString(scrubLine(line))
	}
	return keys.ReplaceAll(out.Bytes(), []byte("[key]"))
}

func scrubLine(line []byte) string {
	end := ""
	if bytes.HasSuffix(line, []byte("\n")) {
		end = "\n"
	}
	return log.ScrubText(strings.ToValidUTF8(strings.TrimSuffix(string(line), "\n"), "\uFFFD")) + end
}

// scrubLog does that with a log, each line of which is written anew as the log itself would write it now: what an older
// version let through is taken out by its name.
func scrubLog(ctx context.Context, text []byte) []byte {
	var out bytes.Buffer
	anew := log.New(&out, log.Config{Level: "debug", Format: "json"}, false).Handler()
	for line := range bytes.Lines(text) {
		said, ok := attributes(line)
		if !ok || anew.Handle(ctx, record(said)) != nil {
			out.WriteString(scrubLine(line))
		}
	}
	return keys.ReplaceAll(out.Bytes(), []byte("[key]"))
}

// attributes reads a line, of JSON or of text; false if it is neither.
func attributes(line []byte) (said map[string]any, ok bool) {
	numbers := json.NewDecoder(bytes.NewReader(line))
	numbers.UseNumber()
	if numbers.Decode(&said) == nil && said != nil {
		return said, true
	}
	said = map[string]any{}
	for _, pair := range pairs.FindAllSubmatch(line, -1) {
		value := string(pair[2])
		if plain, err := strconv.Unquote(value); err == nil {
			value = plain
		}
		said[string(pair[1])] = value
	}
	return said, said["level"] != nil && said["msg"] != nil
}

func record(said map[string]any) slog.Record {
	at, _ := time.Parse(time.RFC3339Nano, text(said["ts"]))
	var level slog.Level
	_ = level.UnmarshalText([]byte(text(said["level"]))) // info if it has none
	r := slog.NewRecord(at, level, text(said["msg"]), 0)
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if name != "ts" && name != "level" && name != "msg" {
			r.AddAttrs(slog.Any(name, said[name]))
		}
	}
	return r
}

func text(v any) string { s, _ := v.(string); return s }

// logged writes the end of the log, if it is a file.
func (b *bundler) logged(_ context.Context, w io.Writer) error {
	path := b.process.LogFile()
	if path == "" {
		_, err := io.WriteString(w, "the log is no file\n")
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	from := max(info.Size()-maxLog, 0)
	tail, err := io.ReadAll(io.NewSectionReader(f, from, maxLog))
	if err != nil {
		return err
	}
	if from > 0 { // not from the middle of a line
		_, tail, _ = bytes.Cut(tail, []byte("\n"))
	}
	_, err = w.Write(tail)
	return err
}
