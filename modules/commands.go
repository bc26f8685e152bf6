package modules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/control"
	"github.com/staff-control/staff-control/modules/uplink"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/log"
)

// Usage lists the commands that modules add.
func Usage() string {
	var b strings.Builder
	for _, m := range All() {
		for _, c := range m.Manifest().Commands {
			fmt.Fprintf(&b, "  %s\n", c.Usage)
		}
	}
	return b.String()
}

// Command runs the module's command that the words begin with, on the server's database. It works while the server
// runs. It reports whether there is such a command.
func (p *Process) Command(ctx context.Context, words []string, in io.Reader, out io.Writer) (known bool, err error) {
	modules := p.all()
	for _, m := range modules {
		for _, c := range m.Manifest().Commands {
			name := strings.Fields(c.Name)
			if n := len(name); len(words) >= n && slices.Equal(words[:n], name) {
				return true, p.explain(p.command(ctx, c, m.Manifest(), modules, words[n:], in, out))
			}
		}
	}
	return false, nil
}

func (p *Process) command(ctx context.Context, c kernel.Command, of kernel.Manifest, modules []kernel.Module, args []string, in io.Reader, out io.Writer) (err error) {
	if of.Config != nil {
		if err := errors.Join(p.tree.Into(of.Name, of.Config), of.Config.Validate()); err != nil {
			return err
		}
	}
	logger := log.New(out, p.own.log, p.tty) // a command's words are for whoever typed it
	host := &kernel.CommandHost{Log: logger, Version: p.Build.Version, Data: p.own.root.Data, In: in, Out: out}
	if c.Alone {
		return c.Run(ctx, host, args)
	}
	s, err := p.open(ctx, logger)
	if err != nil {
		return err
	}
	defer s.close(logger)
	if c.Role != "" {
		quiet := p.own.log
		quiet.Level = "warn" // what modules say when they are built is for who serves
		k, err := p.kernel(ctx, c.Role, log.New(out, quiet, p.tty), s, nil, modules)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, k.Close(ctx)) }()
		if err := k.Build(ctx); err != nil {
			return err
		}
	}
	host.DB, host.Series = s.db, s.series
	return c.Run(ctx, host, args)
}

// explain puts a fault's texts, in English, in the place of its codes.
func (p *Process) explain(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	catalog, catalogErr := p.catalog()
	if catalogErr != nil {
		return errors.Join(err, catalogErr)
	}
	said := []string{catalog.Text("en", f.Code, f.Params)}
	for _, d := range f.Details {
		said = append(said, d.Field+": "+catalog.Text("en", d.Code, d.Params))
	}
	return fmt.Errorf("%s (%w)", strings.Join(said, "; "), err)
}

// TestConnection tries the gateway's way to agent-api, step by step.
func (p *Process) TestConnection(ctx context.Context, out io.Writer) error {
	var way uplink.Config
	var channel control.Config
	for _, m := range All() {
		var err error
		switch cfg := m.Manifest().Config.(type) {
		case *uplink.Config:
			way = *cfg
			err = p.tree.Into("uplink", &way)
		case *control.Config:
			channel = *cfg
			err = p.tree.Into("control", &channel)
		}
		if err != nil {
			return err
		}
	}
	return uplink.TestConnection(ctx, way, channel.URL, p.own.root.Data, out)
}

// HealthURLs are where the roles of this process, or of one with the same settings, say at path how they are.
func (p *Process) HealthURLs(path string) (urls []string) {
	for _, r := range p.roles {
		l := p.own.listen(r)
		host, port, err := net.SplitHostPort(l.Listen)
		if err != nil || host == "" || host == "0.0.0.0" || host == "::" {
			host = "127.0.0.1"
		}
		scheme := "http://"
		if l.TLSCert != "" {
			scheme = "https://"
		}
		urls = append(urls, scheme+net.JoinHostPort(host, port)+path)
	}
	return urls
}

// Check prints the modules of each role in build order, the ports between them, and every route with its permission.
func (p *Process) Check(ctx context.Context, out io.Writer) error {
	if err := p.CheckPorts(out); err != nil {
		return err
	}
	if slices.ContainsFunc(p.roles, kernel.Role.Serves) {
		p.CheckEngine(ctx, out)
	}
	for _, r := range p.roles {
		fmt.Fprintf(out, "\nroutes of %s\n", r)
		err := Scratch(ctx, r, func(s *httpx.Server) error {
			for _, route := range s.Routes() {
				fmt.Fprintf(out, "  %-6s %-52s %-20s %s\n", route.Method, route.Path, route.Permission, route.Owner)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckPorts prints the modules of each role in build order, with the ports between them.
func (p *Process) CheckPorts(out io.Writer) error {
	for _, r := range p.roles {
		k, err := kernel.New(r, kernel.Options{Config: p.tree}, All())
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "role %s\n", r)
		for _, m := range k.Manifests() {
			fmt.Fprintf(out, "  %-14s needs %s; provides %s\n", m.Name, ports(m.Needs), ports(m.Provides))
		}
	}
	return nil
}

func ports(all []kernel.Port) string {
	if len(all) == 0 {
		return "nothing"
	}
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.String()
	}
	return strings.Join(names, " ")
}
