// Package log is slog with the attributes of the context on every line and without what is
// personal or secret on any.
package log

import (
	"io"
	"log/slog"
	"slices"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "log".
type Config struct {
	Level  string `koanf:"level" doc:"least level written: debug, info, warn or error"`
	Format string `koanf:"format" doc:"json, text, or auto: text on a terminal, else json"`
	File   string `koanf:"file" doc:"file to append to; standard output if empty"`
}

var (
	levels  = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	formats = []string{"auto", "json", "text"}
)

// Validate implements kernel.Config.
func (c *Config) Validate() error {
	if _, ok := levels[c.Level]; !ok {
		return config.Problem("level", "be debug, info, warn or error", c.Level)
	}
	if !slices.Contains(formats, c.Format) {
		return config.Problem("format", "be auto, json or text", c.Format)
	}
	return nil
}

// New returns the process's logger on w, which is a terminal if tty.
func New(w io.Writer, c Config, tty bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: levels[c.Level], ReplaceAttr: shortKeys}
	var writer slog.Handler = slog.NewJSONHandler(w, options)
	if c.Format == "text" || c.Format != "json" && tty {
		writer = slog.NewTextHandler(w, options)
	}
	return slog.New(&contextHandler{next: scrubber{writer}})
}

// shortKeys names the time ts; level and msg are called so already.
func shortKeys(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Key = "ts"
	}
	return a
}
