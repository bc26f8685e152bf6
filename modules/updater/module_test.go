package updater

import (
	"context"
	"errors"
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// surroundings are the modules that the updater needs, and one that asks it for a version.
func surroundings(m *machine, asks func(update.Installer)) []kernel.Module {
	return []kernel.Module{
		kerneltest.Module{
			Is: kernel.Manifest{Name: "surroundings", Roles: []kernel.Role{kernel.Gateway}, Provides: []kernel.Port{kernel.PortOf[gateway.Cloud](), kernel.PortOf[alert.Log]()}},
			InitFn: func(_ context.Context, h *kernel.Host) error {
				kernel.Put[gateway.Cloud](h, site(m.shop.URL))
				kernel.Put[alert.Log](h, m.alerts)
				return nil
			},
		},
		kerneltest.Module{
			Is: kernel.Manifest{Name: "executor", Roles: []kernel.Role{kernel.Gateway}, Needs: []kernel.Port{kernel.PortOf[update.Installer]()}},
			InitFn: func(_ context.Context, h *kernel.Host) error {
				asks(kernel.Get[update.Installer](h))
				return nil
			},
		},
	}
}

func TestModuleOfAProcessThatIsNotReplaced(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	kerneltest.Build(t, kernel.Gateway, kerneltest.Options{Data: m.dir}, append(surroundings(m, func(i update.Installer) {
		_, err := i.Install(t.Context(), "order", "")
		wantFault(t, err, update.ErrOff)
	}), New())...)
}

// The whole of a gateway that was started by nobody's launcher tells that a version was given up.
func TestModuleTellsOfWhatWasGivenUp(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.save(t, state{Current: slotA, Previous: packaged, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"})
	told := make(chan struct{})
	m.alerts.told = func() { close(told) }
	kerneltest.Run(t, kernel.Gateway, kerneltest.Options{Data: m.dir, Set: []string{"updater.slots=" + m.slots().dir, "updater.auto=true"}},
		append(surroundings(m, func(update.Installer) {}), New())...)
	<-told
	if a := m.alerts.raised[0]; a.Details["version"] != "2.1.0" || a.Details["cause"] != reasonNotStarted {
		t.Errorf("told %+v", a)
	}
}

func TestModuleOnTrialStaysOrEnds(t *testing.T) {
	t.Parallel()
	for _, well := range []bool{true, false} {
		m := newMachine(t)
		if !well {
			m.shop.Close()
		}
		u := m.process("test", packaged)
		if err := u.remember(installation{Version: "test", Reached: true}); err != nil {
			t.Fatal(err)
		}
		// The test's own program is in no slot.
		m.save(t, state{Current: packaged, Previous: slotB, Trial: true, Starts: 1, Version: "test", PreviousVersion: "2.0.0"})
		k, _ := kerneltest.New(t, kernel.Gateway, kerneltest.Options{Data: m.dir, Set: []string{
			"updater.slots=" + m.slots().dir, "updater.confirm_after=100ms", "updater.health_timeout=600ms",
		}}, append(surroundings(m, func(update.Installer) {}), New())...)
		ctx, cancel := context.WithCancel(t.Context())
		if well {
			go func() {
				defer cancel()
				for st := m.state(t); st.Trial && t.Context().Err() == nil; st = m.state(t) {
					u.pause(t.Context(), u.wait)
				}
			}()
		}
		err := k.Run(ctx)
		cancel()
		var restart kernel.Restart
		if errors.As(err, &restart) == well {
			t.Errorf("well %t: %v", well, err)
		}
		if st := m.state(t); st.Trial || (st.Failed == "") != well {
			t.Errorf("well %t: %+v", well, st)
		}
	}
}
