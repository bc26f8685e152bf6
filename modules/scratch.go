package modules

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"

	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Scratch builds a role with its defaults, on a fresh database in a directory that is thrown away, hands its server
// to use, and takes it down. Nothing listens and no loop runs.
func Scratch(ctx context.Context, r kernel.Role, use func(*httpx.Server) error) (err error) {
	dir, err := os.MkdirTemp("", "staff-control")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p, err := Load(config.Input{Set: []string{"role=" + string(r), "data=" + dir, "uplink.url=http://127.0.0.1:1"}}, Build{Version: "check"}, io.Discard, false)
	if err != nil {
		return err
	}
	logger := slog.New(slog.DiscardHandler)
	var s *site
	if r.Serves() {
		if s, err = p.open(ctx, logger); err != nil {
			return err
		}
		defer s.close(logger)
	}
	var none net.Listener
	k, err := p.kernel(ctx, r, logger, s, none, All())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close(ctx)) }()
	if err := k.Build(ctx); err != nil {
		return err
	}
	return use(k.Server())
}
