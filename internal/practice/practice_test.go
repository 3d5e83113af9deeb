package practice

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const host = "practice.example.com"

// visitor is a browser at the practice network.
type visitor struct {
	t      *testing.T
	client *http.Client
	base   string
}

func newVisitor(t *testing.T, s *Site) *visitor {
	t.Helper()
	srv := httptest.NewTLSServer(s)
	t.Cleanup(srv.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := srv.Client()
	c.Jar = jar
	return &visitor{t, c, srv.URL}
}

// see is where a visitor ended up, and what is there.
type see struct {
	status     int
	path, text string
}

func (v *visitor) do(r *http.Request, err error) see {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return see{resp.StatusCode, resp.Request.URL.Path, string(text)}
}

func (v *visitor) open(path string) see {
	v.t.Helper()
	return v.do(http.NewRequest(http.MethodGet, v.base+path, nil))
}

func (v *visitor) send(path string, form ...string) see {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, v.base+path, strings.NewReader(values.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return v.do(r, err)
}

func (v *visitor) want(got see, path, text string) {
	v.t.Helper()
	if got.path != path || !strings.Contains(got.text, text) {
		v.t.Errorf("at %s, %d, want %s with %q:\n%s", got.path, got.status, path, text, got.text)
	}
	if !strings.Contains(got.text, "nothing here is real") {
		v.t.Errorf("%s does not say what it is", got.path)
	}
}

func TestSigningInWritingAndSigningOut(t *testing.T) {
	v := newVisitor(t, New(host))
	v.want(v.open("/"), "/login", "Sign in")
	v.want(v.send("/login", "username", "@Acme"), "/login/password", "Hello @acme")
	v.want(v.send("/login/password", "password", "sesame"), "/", "@acme")
	v.want(v.send("/post", "text", "<b>hello</b>"), "/", "&lt;b&gt;hello&lt;/b&gt;")
	v.want(v.open("/settings/password"), "/settings/password", "new-password")
	v.want(v.open("/logout"), "/login", "Sign in")
	v.want(v.open("/"), "/login", "Sign in")
}

func TestTheFirstPasswordCounts(t *testing.T) {
	s := New(host)
	v, other := newVisitor(t, s), newVisitor(t, s)
	v.send("/login", "username", "acme")
	v.want(v.send("/login/password", "password", "sesame"), "/", "@acme")
	other.send("/login", "username", "acme@example.com")
	other.want(other.send("/login/password", "password", "another"), "/login/password", "another password")
	other.want(other.send("/login/password", "password", ""), "/login/password", "another password")
	other.want(other.send("/login/password", "password", "sesame"), "/", "@acme")
}

func TestCodesAreAskedFor(t *testing.T) {
	v := newVisitor(t, New(host))
	v.want(v.open("/login/code"), "/login", "Sign in")
	v.send("/login", "username", "acme-code")
	v.want(v.send("/login/code", "code", "123456"), "/login", "Sign in") // before the password
	v.send("/login", "username", "acme-code")
	v.want(v.send("/login/password", "password", "sesame"), "/login/code", "Six digits")
	v.want(v.send("/login/code", "code", "12345"), "/login/code", "six digits")
	v.want(v.send("/login/code", "code", "123456"), "/", "@acme-code")
}

func TestBadNames(t *testing.T) {
	v := newVisitor(t, New(host))
	for _, name := range []string{"", "<script>", "a b", strings.Repeat("a", 31), "-a"} {
		if got := v.send("/login", "username", name); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", name, got.status)
		}
	}
}

func TestPagesAllowNothing(t *testing.T) {
	w := httptest.NewRecorder()
	New(host).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/login", nil))
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(w.Body.String(), "<script") {
		t.Error("there is a script")
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader("username=acme"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	New(host).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("got %d", w.Code)
	}
}

func TestBesideAnotherHandler(t *testing.T) {
	other := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the hub") })
	h := New(host).Beside(other)
	for at, want := range map[string]string{host: "Practice network", "PRACTICE.example.com:8443": "Practice network", "hub.example.com": "the hub", "x" + host: "the hub"} {
		r, w := httptest.NewRequest(http.MethodGet, "/login", nil), httptest.NewRecorder()
		r.Host = at
		h.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %.80q, want %q", at, w.Body, want)
		}
	}
}

func TestOldestMakesRoom(t *testing.T) {
	r := newRecent[int](3)
	for i := range 10 {
		r.put(fmt.Sprint(i), i)
		r.drop("none")
	}
	r.drop("8")
	r.put("9", 90)
	if _, ok := r.get("6"); ok || len(r.byID) != 2 || len(r.order) != 2 {
		t.Errorf("kept %v in order %v", r.byID, r.order)
	}
	if v, _ := r.get("9"); v != 90 {
		t.Errorf("got %d", v)
	}
}

func TestPackIsValid(t *testing.T) {
	if err := Pack(host).Validate(); err != nil {
		t.Error(err)
	}
	if _, err := Pack(host).Encode(); err != nil {
		t.Error(err)
	}
}
