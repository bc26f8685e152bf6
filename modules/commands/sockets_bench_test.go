package commands

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/ws"
)

// BenchmarkSockets holds the idle sockets of five thousand gateways, which are another process, and then orders one
// command of each. It reports the memory that the server takes for a socket, as Go counts it and as the kernel does,
// and the seconds from the orders until the last of them is answered for good. Over TLS each gateway has a certificate.
func BenchmarkSockets(b *testing.B) {
	const n, answers = 5000, 10 * time.Second
	engines := []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}}
	for _, way := range []struct {
		name    string
		encrypt bool
		limit   float64 // of a socket, in bytes
	}{{"plain", false, 30_000}, {"tls", true, 50_000}} {
		for _, engine := range engines {
			b.Run(way.name+"/"+engine.name, func(b *testing.B) {
				for b.Loop() {
					h := newHall(b, engine.open(b), n, way.encrypt)
					if each := h.fill(b); each > way.limit {
						b.Errorf("a socket takes %.0f bytes, more than %.0f", each, way.limit)
					}
					if took := h.orderAll(b); took > answers {
						b.Errorf("the last answer came after %s, later than %s", took, answers)
					}
					h.leave(b)
				}
			})
		}
	}
}

// hall is an agent-api of the standard settings with many gateways around it.
type hall struct {
	office   office
	module   *Module
	url      string
	gateways []id.UUID
	crowd    *exec.Cmd
	in       io.WriteCloser
	said     *bufio.Scanner
}

func newHall(b *testing.B, d *db.DB, n int, encrypt bool) *hall {
	b.Helper()
	h := &hall{office: newOffice(b, d), module: New()}
	h.office.service.now = time.Now
	p := newPulse(populate(b, d))
	h.gateways = enrol(b, d, n)
	for _, g := range h.gateways {
		p.of[g] = 1
	}
	const role = kernel.AgentAPI
	plain := kerneltest.Run(b, role, kerneltest.Options{DB: d}, h.module, h.doors(p),
		kerneltest.Provide[gateway.Directory](role, directory{d}), kerneltest.Provide[gateway.Pulse](role, p), kerneltest.Provide[file.Store](role, h.office.files))
	until(b, "the server is ready", func() bool {
		answer, err := http.Get(plain + "/health/ready")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	http.DefaultClient.CloseIdleConnections()
	if !encrypt {
		h.url = plain
	}
	return h
}

// doors lets gateways in by their keys, and opens a door that asks for certificates, too.
func (h *hall) doors(p *pulse) kernel.Module {
	return kerneltest.Module{
		Is: kernel.Manifest{Name: "doors", Roles: []kernel.Role{kernel.AgentAPI}},
		InitFn: func(ctx context.Context, host *kernel.Host) error {
			host.Authenticate(kernel.AgentAPI, p.authenticate)
			lender := httptest.NewTLSServer(http.NotFoundHandler()) // its certificate is what its clients in the other process trust
			defer lender.Close()
			settings := &tls.Config{Certificates: lender.TLS.Certificates, ClientAuth: tls.RequireAnyClientCert}
			address, err := host.Listen(ctx, "127.0.0.1:0", httpx.Door{TLS: settings})
			if err == nil {
				h.url = "https://" + address.String()
			}
			return err
		},
	}
}

// enrol makes gateways of the first organization.
func enrol(b *testing.B, d *db.DB, n int) (gateways []id.UUID) {
	b.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		for i := range n {
			gateways = append(gateways, id.New())
			_, err := tx.Raw(`INSERT INTO gateway_instances (id, organization_id, serial, api_key, created_at, updated_at)
				VALUES (?0, 1, ?1, ?1, ?2, ?2)`, gateways[i], "GW-BENCH-"+strconv.Itoa(i), noon).Exec(ctx) // scoped by its values
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return gateways
}

// fill has all gateways connect and returns what a socket takes of the server's heap and stacks, in bytes.
func (h *hall) fill(b *testing.B) float64 {
	b.Helper()
	goMemory, resident := inUse(), residentMemory(b)
	h.crowd = exec.Command(os.Args[0])
	h.crowd.Env = append(os.Environ(), crowd+"="+h.url)
	h.crowd.Stderr = os.Stderr
	out, err := h.crowd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if h.in, err = h.crowd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	if err := h.crowd.Start(); err != nil {
		b.Fatal(err)
	}
	h.said = bufio.NewScanner(out)
	for _, g := range h.gateways {
		fmt.Fprintln(h.in, g)
	}
	fmt.Fprintln(h.in)
	h.hears(b, "connected")
	until(b, "all sockets are held", func() bool { return len(h.module.hub.all()) == len(h.gateways) })
	n := float64(len(h.gateways))
	b.ReportMetric((residentMemory(b)-resident)/n, "B-VmRSS/socket") // as it is, before anything is given back
	each := (inUse() - goMemory) / n
	b.ReportMetric(each, "B/socket")
	return each
}

// orderAll orders one command of each gateway, all at once, and returns when the last was answered.
func (h *hall) orderAll(b *testing.B) time.Duration {
	b.Helper()
	ordered := time.Now()
	err := h.office.store.db.Write(hr(1), func(ctx context.Context, tx db.Tx) error {
		for _, g := range h.gateways {
			if _, err := h.office.Order(ctx, tx, command.Order{GatewayID: g, Type: command.SyncDevices}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(ordered).Seconds(), "s-ordering")
	h.hears(b, "answered")
	took := time.Since(ordered)
	b.ReportMetric(took.Seconds(), "s-all-answered")
	var completed int
	err = h.office.store.db.Read(system(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw("SELECT count(*) FROM gateway_commands WHERE status = 'completed' AND deliveries = 1").Scan(ctx, &completed) // unscoped: all are the test's
	})
	if err != nil || completed != len(h.gateways) {
		b.Errorf("%d of %d commands were sent once and done, %v", completed, len(h.gateways), err)
	}
	return took
}

func (h *hall) hears(b *testing.B, want string) {
	b.Helper()
	if !h.said.Scan() || h.said.Text() != want {
		b.Fatalf("the gateways say %q, want %q", h.said.Text(), want)
	}
}

func (h *hall) leave(b *testing.B) {
	b.Helper()
	h.in.Close()
	if err := h.crowd.Wait(); err != nil {
		b.Errorf("the gateways: %v", err)
	}
	until(b, "all sockets have gone", func() bool { return len(h.module.hub.all()) == 0 })
}

// inUse is the memory of the heap and the stacks, after all that is not needed has been given back.
func inUse() float64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// residentMemory is what the kernel counts of the process, in bytes.
func residentMemory(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skipf("no /proc: %v", err)
	}
	kilobytes, err := strconv.ParseFloat(string(residentLine.FindSubmatch(status)[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kilobytes * 1024
}

// crowd is the variable with the server's address that makes the test binary many gateways.
const crowd = "COMMANDS_TEST_CROWD"

func TestMain(m *testing.M) {
	if url := os.Getenv(crowd); url != "" {
		if err := beGateways(url); err != nil {
			panic(err)
		}
		return
	}
	m.Run()
}

// beGateways connects with each key of the input up to an empty line, does the first command of each gateway, says when
// all are connected and when all have been thanked, and stays until the input ends.
func beGateways(url string) error {
	in := bufio.NewScanner(os.Stdin)
	var keys []string
	for in.Scan() && in.Text() != "" {
		keys = append(keys, in.Text())
	}
	lender := httptest.NewTLSServer(http.NotFoundHandler())
	defer lender.Close()
	trusted := lender.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	faults := make(chan error, len(keys))
	var thanked sync.WaitGroup
	thanked.Add(len(keys))
	inParts(len(keys), 32, func(i int) {
		conn, err := connectAs(url, keys[i], trusted)
		if err != nil {
			faults <- err
			return
		}
		go obey(conn, &thanked)
	})
	if len(faults) > 0 {
		return fmt.Errorf("%d of %d: %w", len(faults), len(keys), <-faults)
	}
	os.Stdout.WriteString("connected\n")
	thanked.Wait()
	os.Stdout.WriteString("answered\n")
	for in.Scan() { // until the input ends
	}
	return in.Err()
}

// connectAs opens the socket of one gateway.
func connectAs(url, key string, trusted *x509.CertPool) (*ws.Conn, error) {
	own, err := selfSigned(key)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{own}}}}
	return ws.Dial(context.Background(), url+"/v2/gateway/socket", ws.DialOptions{
		Client: client, Header: http.Header{"Authorization": {"Bearer " + key}}, Subprotocol: command.Subprotocol, Limit: command.MaxDown,
	})
}

// selfSigned makes a certificate of the name.
func selfSigned(name string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	draft := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// inParts calls do for each number below n, so many at a time.
func inParts(n, atOnce int, do func(i int)) {
	var all sync.WaitGroup
	for part := range atOnce {
		all.Go(func() {
			for i := part; i < n; i += atOnce {
				do(i)
			}
		})
	}
	all.Wait()
}

// obey answers commands until the socket ends, and tells when the first answer has arrived.
func obey(c *ws.Conn, thanked *sync.WaitGroup) {
	var once sync.Once
	for {
		text, err := c.Read(context.Background())
		if err != nil {
			return
		}
		var m struct {
			Event string
			Data  command.Command
		}
		if json.Unmarshal(text, &m) != nil || strings.HasSuffix(m.Event, "_ack") {
			continue
		}
		if m.Event == command.EventAckReceived {
			once.Do(thanked.Done)
			continue
		}
		answer, err := frame(command.EventAck, command.Ack{CommandID: m.Data.ID, Status: command.Completed})
		if err != nil || c.Write(context.Background(), answer) != nil {
			return
		}
	}
}
