package retention

import (
	"context"
	"flag"
	"fmt"

	"github.com/staff-control/staff-control/platform/kernel"
)

const usage = `retention run [--dry-run]   (take away what is older than its rule, or say what would go)
retention restore <archive> --organization N   (put an archive back)`

// command is the command of that name. Init has run before.
func (m *Module) command(ctx context.Context, h *kernel.CommandHost, args []string) error {
	if len(args) > 0 && args[0] == "run" {
		return m.commandRun(ctx, h, args[1:])
	}
	if len(args) > 0 && args[0] == "restore" {
		return m.commandRestore(ctx, h, args[1:])
	}
	return fmt.Errorf("retention: usage:\n%s", usage)
}

// parse reads flags before and after the words, of which there must be so many.
func parse(flags *flag.FlagSet, h *kernel.CommandHost, args []string, words int) (found []string, err error) {
	flags.SetOutput(h.Out)
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			break
		}
		found, args = append(found, flags.Arg(0)), flags.Args()[1:]
	}
	if len(found) != words {
		return nil, fmt.Errorf("%s: usage:\n%s", flags.Name(), usage)
	}
	return found, nil
}

func (m *Module) commandRun(ctx context.Context, h *kernel.CommandHost, args []string) error {
	flags := flag.NewFlagSet("retention run", flag.ContinueOnError)
	dry := flags.Bool("dry-run", false, "only say what would go")
	if _, err := parse(flags, h, args, 0); err != nil {
		return err
	}
	ctx = system(ctx)
	if *dry {
		return m.service.printPlan(ctx, h)
	}
	done, err := m.service.carryOut(ctx)
	for _, d := range done {
		fmt.Fprintln(h.Out, d)
	}
	if err != nil {
		return fmt.Errorf("retention run: %w", err)
	}
	_, err = fmt.Fprintln(h.Out, "the rules are carried out")
	return err
}

func (s *service) printPlan(ctx context.Context, h *kernel.CommandHost) error {
	organizations, err := s.store.organizations(ctx)
	if err != nil {
		return err
	}
	for _, o := range organizations {
		plans, err := s.preview(in(ctx, o), s.clock())
		if err != nil {
			return fmt.Errorf("organization %d: %w", o, err)
		}
		fmt.Fprintf(h.Out, "organization %d\n", o)
		for _, p := range plans {
			fmt.Fprintf(h.Out, "  %s\n", p)
		}
	}
	return nil
}

func (m *Module) commandRestore(ctx context.Context, h *kernel.CommandHost, args []string) error {
	flags := flag.NewFlagSet("retention restore", flag.ContinueOnError)
	organization := flags.Int64("organization", 0, "whose archive it is")
	words, err := parse(flags, h, args, 1)
	if err != nil {
		return err
	}
	if *organization <= 0 {
		return fmt.Errorf("retention restore: --organization must say whose archive it is")
	}
	r, err := m.service.restore(in(system(ctx), *organization), words[0])
	if err != nil {
		return fmt.Errorf("retention restore %s: %w", words[0], err)
	}
	_, err = fmt.Fprintf(h.Out, "%d rows and %d files are back, and stay for %d days\n", r.Rows, r.Files, restoredFor/day)
	return err
}
