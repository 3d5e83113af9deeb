package badnet

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Message is a request or an answer as the inspector sees it.
type Message struct {
	Path   string
	Status int // of an answer
	Header http.Header
	Body   []byte
}

// clone keeps a message from being changed.
func (m Message) clone() Message {
	m.Header, m.Body = m.Header.Clone(), bytes.Clone(m.Body)
	return m
}

// Rules are what an inspector does besides recording. The zero value changes nothing.
type Rules struct {
	// Ask and Answer may change a request before the hub gets it, and an answer before the device does.
	Ask, Answer func(*Message)
	// Refuse answers in the hub's place, with a status of the proxy's own.
	Refuse func(path string) bool
	// TwiceWhen says whether a request is passed on twice, and only the second answer back. It is asked after Ask.
	TwiceWhen func(path string) bool
	// Collect keeps an answer until it has 64 KiB or ends: streams starve.
	Collect bool
}

// Inspector opens TLS between devices and a hub: it shows a certificate that the devices trust, and reads and changes
// what it likes.
type Inspector struct {
	server *httptest.Server
	client *http.Client
	target string

	mu       sync.Mutex
	rules    Rules
	recorded bytes.Buffer
}

// NewInspector stands in front of a hub, with a certificate of the CA, until the test ends. It believes every
// certificate itself.
func NewInspector(t testing.TB, ca *CA) *Inspector {
	t.Helper()
	cert, err := ca.Issue("localhost")
	if err != nil {
		t.Fatalf("issue certificate: %v", err)
	}
	i := &Inspector{client: &http.Client{Transport: &http.Transport{
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // it is the adversary
		DisableCompression: true,
	}}}
	i.server = httptest.NewUnstartedServer(http.HandlerFunc(i.serve))
	i.server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	i.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	i.server.StartTLS()
	t.Cleanup(func() {
		i.server.CloseClientConnections()
		i.client.CloseIdleConnections()
		i.server.Close()
	})
	return i
}

// URL is where devices find it.
func (i *Inspector) URL() string { return i.server.URL }

// Before names the hub that it stands in front of, by its host and port.
func (i *Inspector) Before(hub net.Addr) { i.target = "https://" + hub.String() }

// Set changes the rules for the requests to come. A stream that is open keeps the old ones.
func (i *Inspector) Set(r Rules) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rules = r
}

// Recorded is everything that passed, in both directions.
func (i *Inspector) Recorded() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	return bytes.Clone(i.recorded.Bytes())
}

func (i *Inspector) record(m Message) {
	i.mu.Lock()
	defer i.mu.Unlock()
	fmt.Fprintf(&i.recorded, "\n%s %d\n", m.Path, m.Status)
	for name, values := range m.Header {
		fmt.Fprintf(&i.recorded, "%s: %s\n", name, strings.Join(values, ", "))
	}
	i.recorded.Write(m.Body)
}

func (i *Inspector) serve(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	rules := i.rules
	i.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	ask := Message{Path: r.URL.RequestURI(), Header: r.Header, Body: body}
	i.record(ask)
	if rules.Refuse != nil && rules.Refuse(r.URL.Path) {
		http.Error(w, "blocked by policy", http.StatusGatewayTimeout)
		return
	}
	if rules.Ask != nil {
		rules.Ask(&ask)
	}
	if rules.TwiceWhen != nil && rules.TwiceWhen(r.URL.Path) {
		if first, err := i.forward(r, ask); err == nil {
			_, _ = io.Copy(io.Discard, first.Body)
			_ = first.Body.Close()
		}
	}
	answer, err := i.forward(r, ask)
	if err != nil {
		http.Error(w, "no hub", http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	if strings.HasSuffix(r.URL.Path, "/Watch") && answer.StatusCode == http.StatusOK {
		i.stream(w, answer, rules)
		return
	}
	i.answer(w, r.URL.Path, answer, rules)
}

func (i *Inspector) forward(r *http.Request, ask Message) (*http.Response, error) {
	ask = ask.clone()
	on, err := http.NewRequestWithContext(r.Context(), r.Method, i.target+ask.Path, bytes.NewReader(ask.Body))
	if err != nil {
		return nil, err
	}
	on.Header, on.Host = ask.Header, r.Host
	return i.client.Do(on)
}

func (i *Inspector) answer(w http.ResponseWriter, path string, answer *http.Response, rules Rules) {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		http.Error(w, "no answer", http.StatusBadGateway)
		return
	}
	m := Message{Path: path, Status: answer.StatusCode, Header: answer.Header, Body: body}
	i.record(m)
	if rules.Answer != nil {
		rules.Answer(&m)
	}
	m.Header.Del("Content-Length")
	maps.Copy(w.Header(), m.Header)
	w.WriteHeader(m.Status)
	_, _ = w.Write(m.Body)
}

// stream passes a stream on: at once, or as a proxy that collects answers.
func (i *Inspector) stream(w http.ResponseWriter, answer *http.Response, rules Rules) {
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	if !rules.Collect {
		_ = http.NewResponseController(w).Flush()
	}
	held, buffer := 0, make([]byte, 4<<10)
	for {
		n, err := answer.Body.Read(buffer)
		i.record(Message{Path: "stream", Body: buffer[:n]})
		if _, failed := w.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
		if held += n; !rules.Collect || held >= 64<<10 {
			_ = http.NewResponseController(w).Flush()
			held = 0
		}
	}
}
