package auth

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/kernel"
)

const usage = `apikey create --type AGENT|HIKVISION|ADMIN --organization ID [--key VALUE] [--description TEXT] [--expires 2027-01-31]
              [--rate-limit N] [--allow ADDRESS|CIDR,…]
apikey list [--organization ID]
apikey revoke ID`

// maxListed bounds the list that the command prints.
const maxListed = 10_000

// command runs apikey, beside a running server or without one.
func (s *service) command(ctx context.Context, h *kernel.CommandHost, args []string) error {
	ctx = asSystem(ctx)
	if len(args) == 0 {
		return errors.New("usage:\n" + usage)
	}
	switch args[0] {
	case "create":
		return s.commandCreate(ctx, h, args[1:])
	case "list":
		return s.commandList(ctx, h, args[1:])
	case "revoke":
		return s.commandRevoke(ctx, h, args[1:])
	}
	return fmt.Errorf("no such command: apikey %s; usage:\n%s", args[0], usage)
}

func (s *service) commandCreate(ctx context.Context, h *kernel.CommandHost, args []string) error {
	var in keyInput
	var expires, allow string
	flags := flag.NewFlagSet("apikey create", flag.ContinueOnError)
	flags.SetOutput(h.Out)
	flags.StringVar(&in.Type, "type", "", "AGENT, HIKVISION or ADMIN")
	flags.Int64Var(&in.OrganizationID, "organization", 0, "id of the organization")
	flags.StringVar(&in.Key, "key", "", "an existing key to take over")
	flags.StringVar(&in.Description, "description", "", "what the key is for")
	flags.IntVar(&in.RateLimit, "rate-limit", 0, "uses a minute from one address; any number if 0")
	flags.StringVar(&allow, "allow", "", "addresses and networks that it may be used from; any if empty")
	flags.StringVar(&expires, "expires", "", "last day, or RFC 3339 time, of the key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("apikey create: %q is too much; usage:\n%s", flags.Arg(0), usage)
	}
	if allow != "" {
		in.AllowedIPs = strings.Split(allow, ",")
	}
	var err error
	if in.ExpiresAt, err = parseExpiry(expires); err != nil {
		return err
	}
	row, key, err := s.createKey(ctx, in)
	if err != nil {
		return fmt.Errorf("apikey create: %w", err)
	}
	_, err = fmt.Fprintf(h.Out, "API key %d (%s, organization %d), shown this once: %s\n", row.ID, row.Type, row.OrganizationID, key)
	return err
}

// parseExpiry reads a time, or a day, which is included to its end in UTC.
func parseExpiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("apikey create: --expires must be a day such as 2027-01-31 or a time as in RFC 3339, is %q", text)
	}
	return at, nil
}

func (s *service) commandList(ctx context.Context, h *kernel.CommandHost, args []string) error {
	flags := flag.NewFlagSet("apikey list", flag.ContinueOnError)
	flags.SetOutput(h.Out)
	organization := flags.Int64("organization", 0, "id of the organization; all if 0")
	if err := flags.Parse(args); err != nil {
		return err
	}
	rows, err := s.store.keys(ctx, *organization, 0, maxListed)
	if err != nil {
		return fmt.Errorf("apikey list: %w", err)
	}
	w := tabwriter.NewWriter(h.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tORGANIZATION\tTYPE\tBEGINS WITH\tSTATE\tLAST USED\tDESCRIPTION")
	for _, k := range rows {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s…\t%s\t%s\t%s\n", k.ID, k.OrganizationID, k.Type, k.Prefix, s.stateOf(k), day(k.LastUsedAt), k.Description)
	}
	return w.Flush()
}

func (s *service) stateOf(k keyRow) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked " + day(k.RevokedAt)
	case !k.IsActive:
		return "inactive"
	case k.ExpiresAt.IsZero():
		return "in force"
	case s.time().Before(k.ExpiresAt):
		return "until " + day(k.ExpiresAt)
	}
	return "expired " + day(k.ExpiresAt)
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateTime)
}

func (s *service) commandRevoke(ctx context.Context, h *kernel.CommandHost, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: apikey revoke ID")
	}
	keyID, err := strconv.ParseInt(strings.TrimPrefix(args[0], "key:"), 10, 64)
	if err != nil {
		return fmt.Errorf("apikey revoke: %q is no id", args[0])
	}
	err = s.revokeKey(ctx, keyID)
	if errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("apikey revoke: there is no key %d", keyID)
	}
	if err != nil {
		return fmt.Errorf("apikey revoke: %w", err)
	}
	_, err = fmt.Fprintf(h.Out, "API key %d is revoked\n", keyID)
	return err
}
