package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/kernel"
)

const usage = `demo [--employees 40] [--days 14] [--speed 0] [--seed 1] [--follow]   (beside a running server)
demo remove [--yes]`

// command is the command of that name.
func (m *Module) command(ctx context.Context, h *kernel.CommandHost, args []string) error {
	s := &service{store: store{h.DB, h.Series}, files: m.files, terminals: m.doors, audit: audit.New(audit.Options{DB: h.DB, Log: h.Log}), log: h.Log, now: m.now, settle: m.settle}
	if len(args) > 0 && args[0] == "remove" {
		return s.commandRemove(ctx, h, args[1:])
	}
	return s.commandMake(ctx, h, m.cfg, args)
}

func (s *service) commandMake(ctx context.Context, h *kernel.CommandHost, cfg Config, args []string) error {
	if cfg.Employees == 0 {
		cfg.Employees = 40
	}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(h.Out)
	flags.IntVar(&cfg.Employees, "employees", cfg.Employees, "how many people")
	flags.IntVar(&cfg.Days, "days", cfg.Days, "how long the company has been there")
	flags.Float64Var(&cfg.Speed, "speed", cfg.Speed, "how many times faster than life its past is sent; 0 is as fast as it is taken")
	flags.Int64Var(&cfg.Seed, "seed", cfg.Seed, "the same seed makes the same people do the same things")
	follow := flags.Bool("follow", false, "go on with the present until interrupted")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("demo: %q is too much; usage:\n%s", flags.Arg(0), usage)
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	maker, err := s.begin(ctx, cfg)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Fprintf(h.Out, "organization %d is a demo company of %d people; sending what they did in %d days\n", maker.row.OrganizationID, maker.row.Employees, maker.row.Days)
	err = maker.run(ctx, *follow)
	if err != nil && !(*follow && errors.Is(err, context.Canceled)) {
		return fmt.Errorf("demo: %w", err)
	}
	_, err = fmt.Fprintf(h.Out, "sent until %s\n", maker.row.SentUntil.In(maker.zone).Format("2006-01-02 15:04"))
	return err
}

func (s *service) commandRemove(ctx context.Context, h *kernel.CommandHost, args []string) error {
	flags := flag.NewFlagSet("demo remove", flag.ContinueOnError)
	flags.SetOutput(h.Out)
	all := flags.Bool("yes", false, "remove what else the organization holds, too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("demo remove: %q is too much; usage:\n%s", flags.Arg(0), usage)
	}
	organizations, erased, err := s.remove(ctx, *all)
	if err != nil {
		return fmt.Errorf("demo remove: %w", err)
	}
	_, err = fmt.Fprintf(h.Out, "the demo company is removed from organization %v: %d rows. The organization, its gateways, users and keys are left.\n", organizations, erased)
	return err
}
