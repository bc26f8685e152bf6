package auth

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// returnTo is where providers send people back to; nothing listens there.
const returnTo = "http://localhost:3000" + signInPage

// op builds the provider, or finds it built: the go command keeps it. It is pinned in configs/oidc.mod, apart from the
// product's dependencies.
var op = sync.OnceValues(func() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	pinned := filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "configs", "oidc.mod")
	path, err := exec.Command("go", "tool", "-modfile="+pinned, "-n", "server").Output()
	return strings.TrimSpace(string(path)), err
})

// realProvider is a process of a certified implementation of OpenID Connect. It knows aziza, subject id1, whose address is
// verified, and bobur, subject id2, whose is not.
type realProvider struct {
	t       *testing.T
	issuer  string
	port    string
	users   string
	process *exec.Cmd
	said    bytes.Buffer
}

func startProvider(t *testing.T) *realProvider {
	t.Helper()
	if testing.Short() {
		t.Skip("the provider takes its time to build")
	}
	if _, err := op(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("build the provider: %v", err)
		}
		t.Skipf("no provider: go tool server: %v", err)
	}
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	p := &realProvider{t: t, port: strconv.Itoa(l.Addr().(*net.TCPAddr).Port), users: filepath.Join(t.TempDir(), "users.json")}
	p.issuer = "http://localhost:" + p.port + "/"
	l.Close()
	person := func(id, name string, verified bool) map[string]any {
		return map[string]any{"ID": id, "Username": name, "Password": password, "Email": name + "@example.uz", "EmailVerified": verified}
	}
	users, err := json.Marshal(map[string]any{"id1": person("id1", "aziza", true), "id2": person("id2", "bobur", false)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.users, users, 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	t.Cleanup(p.stop)
	return p
}

// start starts the process, with new keys, and returns when it answers.
func (p *realProvider) start() {
	p.t.Helper()
	path, _ := op()
	p.process = exec.Command(path)
	p.process.Env = append(os.Environ(), "PORT="+p.port, "USERS_FILE="+p.users, "REDIRECT_URI="+returnTo)
	p.process.Stdout, p.process.Stderr = &p.said, &p.said
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		if r, err := http.Get(p.issuer + ".well-known/openid-configuration"); err == nil {
			r.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the provider does not answer: %s", &p.said)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (p *realProvider) stop() {
	if p.process != nil {
		_ = p.process.Process.Kill()
		_ = p.process.Wait()
		p.process = nil
	}
}

// signIn does at the provider what a person does, and returns what the browser brings back.
func (p *realProvider) signIn(t *testing.T, address, username string) returned {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == signInPage {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	form := url.Values{"id": {page.Request.URL.Query().Get("authRequestID")}, "username": {username}, "password": {password}}
	back, err := browser.PostForm(p.issuer+"login/username", form)
	if err != nil {
		t.Fatal(err)
	}
	back.Body.Close()
	to, err := back.Location()
	if err != nil || !strings.HasPrefix(to.String(), returnTo+"?") {
		t.Fatalf("sent from %s to %v: %d, %v", page.Request.URL, to, back.StatusCode, err)
	}
	return returned{state: to.Query().Get("state"), code: to.Query().Get("code"), denied: to.Query().Get("error")}
}

// liar is a provider that says whatever a test wants.
type liar struct {
	*httptest.Server
	key    *rsa.PrivateKey
	nonce  string
	status int // of its answers about codes
	issuer string
	// change makes another ID token of one that is right; sign signs it.
	change func(claims jwt.MapClaims)
	sign   func(*liar, jwt.MapClaims) string
	// info is the UserInfo.
	info map[string]any
}

const liarsKey = "first"

func newLiar(t *testing.T) *liar {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{key: key}
	mux := http.NewServeMux()
	l.Server = httptest.NewServer(mux)
	t.Cleanup(l.Close)
	l.tellTheTruth()
	answer := func(path string, body func() any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if path == "/token" {
				w.WriteHeader(l.status)
			}
			_ = json.NewEncoder(w).Encode(body())
		})
	}
	answer("/.well-known/openid-configuration", func() any {
		return map[string]any{
			"issuer": l.issuer, "authorization_endpoint": l.URL + "/authorize", "token_endpoint": l.URL + "/token", "jwks_uri": l.URL + "/keys",
			"userinfo_endpoint": l.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		}
	})
	answer("/keys", func() any {
		return map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "kid": liarsKey, "use": "sig", "alg": "RS256", "n": base64.RawURLEncoding.EncodeToString(l.key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(l.key.E)).Bytes()),
		}}}
	})
	answer("/userinfo", func() any { return l.info })
	answer("/token", func() any {
		if l.status != http.StatusOK {
			return map[string]any{"error": "invalid_grant"}
		}
		claims := jwt.MapClaims{
			"iss": l.URL, "aud": "staff", "sub": "id1", "nonce": l.nonce, "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix(),
		}
		l.change(claims)
		return map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": l.sign(l, claims)}
	})
	return l
}

func (l *liar) tellTheTruth() {
	l.status, l.issuer, l.change = http.StatusOK, l.URL, func(jwt.MapClaims) {}
	l.sign = func(l *liar, c jwt.MapClaims) string { return signed(jwt.SigningMethodRS256, l.key, c, liarsKey) }
	l.info = map[string]any{"sub": "id1", "email": "aziza@example.uz", "email_verified": true}
}

func signed(method jwt.SigningMethod, key any, claims jwt.MapClaims, kid string) string {
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = kid
	text, err := token.SignedString(key)
	if err != nil {
		return fmt.Sprint(err)
	}
	return text
}

// anotherKey is one that the liar does not publish.
func anotherKey(t *testing.T) crypto.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
