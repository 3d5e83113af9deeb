package bench

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// floor is the least that lending can cost: a bare handler which verifies a device's signature, opens a credential,
// writes the rows of a grant in a grouped transaction, seals to the device and signs the answer. Its audit events go into a
// tree as the product's do. It has no gates, no refusals, no repetitions, and everything that is not written is in memory. It
// shares no code with the product, only the schema, so that the same indexes are kept.
type floor struct {
	db      floorDB
	tree    floorTree
	devices map[string]*floorDevice
	token   [32]byte
	user    string
	account string
	signing ed25519.PrivateKey
	kek     cipher.AEAD
	// wrapped is the data key under the key-encryption key, sealed the credential under the data key.
	wrapped, sealed []byte
	queue           chan *floorCommand
	commits         atomic.Int64
}

// floorDevice is a device with its keys as they are used.
type floorDevice struct {
	id      string
	key     ed25519.PrivateKey
	sealing hpke.PrivateKey
	seq     int64
}

// floorCommand is a grant, or the revocation of one.
type floorCommand struct {
	device         *floorDevice
	seq            int64
	lease, request string
	hash           [32]byte
	revocation     bool
	done           chan error
}

// floorDB makes statements one durable transaction.
type floorDB interface {
	prepare(statement string) error
	write(ctx context.Context, statements []floorStatement) error
}

func newFloor(b *testing.B, db floorDB, devices int) *floor {
	b.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	fatal(b, err)
	f := &floor{db: db, devices: map[string]*floorDevice{}, signing: key, user: newID(), account: newID(), queue: make(chan *floorCommand, 256)}
	f.token = sha256.Sum256([]byte("token"))
	f.kek = newGCM(b, random(32))
	data := random(32)
	f.wrapped = sealGCM(f.kek, data)
	f.sealed = sealGCM(newGCM(b, data), []byte(`{"login":"acme","password":"correct horse battery staple"}`))
	fatal(b, db.prepare(fmt.Sprintf("INSERT INTO users VALUES ('%s', 'dana', '', 'member', 1, 1)", f.user)))
	fatal(b, db.prepare(fmt.Sprintf("INSERT INTO accounts VALUES ('%s', 'x', 'acme', 'shared_secret', 0, 1, 28800000000, 900000000, 'keyring', 0, 1, 1, 0, 1)", f.account)))
	for range devices {
		f.addDevice(b)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	b.Cleanup(func() { close(stop); <-stopped })
	go func() { defer close(stopped); f.group(stop) }()
	return f
}

func (f *floor) addDevice(b *testing.B) {
	b.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	fatal(b, err)
	sealing, err := hpke.MLKEM768X25519().GenerateKey()
	fatal(b, err)
	d := &floorDevice{id: newID(), key: key, sealing: sealing}
	f.devices[d.id] = d
	fatal(b, f.db.prepare(fmt.Sprintf(`INSERT INTO devices (id, user_id, name, os, state, enrolled_at, signing_key, sealing_key, seq_high, seq_seen, refusals)
		VALUES ('%s', '%s', 'desk', 'linux', 'trusted', 1, %s, %s, 0, 0, 0)`, d.id, f.user, blobText(f.db, key[32:]), blobText(f.db, d.sealing.PublicKey().Bytes()))))
}

// group takes what waits into one transaction, as many at once as came while the one before was committed. Now and then it
// puts the events of those before into the tree.
func (f *floor) group(stop chan struct{}) {
	place := time.NewTicker(floorGather)
	defer place.Stop()
	for {
		var batch []*floorCommand
		select {
		case <-stop:
			return
		case <-place.C:
			f.place()
			continue
		case c := <-f.queue:
			batch = append(batch, c)
		}
		for len(batch) < 256 && len(f.queue) > 0 {
			batch = append(batch, <-f.queue)
		}
		err := f.write(batch)
		for _, c := range batch {
			c.done <- err
		}
	}
}

func (f *floor) write(batch []*floorCommand) error {
	now := time.Now().UnixMicro()
	var all []floorStatement
	for _, c := range batch {
		all = append(all, c.statements(f, now)...)
	}
	f.commits.Add(1)
	if err := f.db.write(context.Background(), all); err != nil {
		return err
	}
	f.tree.take(all)
	return nil
}

func (f *floor) commit(c *floorCommand) error {
	c.done = make(chan error, 1)
	f.queue <- c
	return <-c.done
}

// serve is the handler behind TLS.
func (f *floor) serve(b *testing.B) *httptest.Server {
	b.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /grant", f.answer(f.grant))
	mux.HandleFunc("POST /revoke", f.answer(f.revoke))
	s := httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	b.Cleanup(s.Close)
	return s
}

func (f *floor) answer(do func(r *http.Request, body []byte) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			body, err = do(r, body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = w.Write(body)
	}
}

var errFloor = errors.New("refused")

// grant has a body of a sequence number (8 bytes, hex) and a request id.
func (f *floor) grant(r *http.Request, body []byte) ([]byte, error) {
	d := f.devices[r.Header.Get("Device")]
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("Signature"))
	if err != nil || d == nil || !ed25519.Verify(ed25519.PublicKey(d.key[32:]), body, signature) {
		return nil, errFloor
	}
	data, err := openGCM(f.kek, f.wrapped)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(data)
	if err != nil {
		return nil, err
	}
	once, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := openGCM(once, f.sealed)
	if err != nil {
		return nil, err
	}
	var seq int64
	if _, err := fmt.Sscanf(string(body[:16]), "%x", &seq); err != nil {
		return nil, err
	}
	c := &floorCommand{device: d, seq: seq, lease: newID(), request: string(body[16:]), hash: sha256.Sum256(body)}
	if err := f.commit(c); err != nil {
		return nil, err
	}
	sealed, err := hpke.Seal(d.sealing.PublicKey(), hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(c.lease), plain)
	if err != nil {
		return nil, err
	}
	answer := append([]byte(c.lease), sealed...)
	sum := sha256.Sum256(answer)
	return append(answer, ed25519.Sign(f.signing, sum[:])...), nil
}

// revoke has a body of a lease's id and a request id, and a token instead of a signature.
func (f *floor) revoke(r *http.Request, body []byte) ([]byte, error) {
	if sum := sha256.Sum256([]byte(r.Header.Get("Authorization"))); sum != f.token {
		return nil, errFloor
	}
	c := &floorCommand{lease: string(body[:36]), request: string(body[36:]), hash: sha256.Sum256(body), revocation: true}
	return []byte("1"), f.commit(c)
}

// ask is the client's half of a grant, but for opening what is sealed.
func (f *floor) ask(client *http.Client, url string, d *floorDevice) (lease string, sealed []byte, err error) {
	d.seq++
	body := []byte(fmt.Sprintf("%016x%s", d.seq, hex.EncodeToString(random(16))))
	r, err := http.NewRequest(http.MethodPost, url+"/grant", bytes.NewReader(body)) //nolint:noctx // a load
	if err != nil {
		return "", nil, err
	}
	r.Header.Set("Device", d.id)
	r.Header.Set("Signature", base64.StdEncoding.EncodeToString(ed25519.Sign(d.key, body)))
	answer, err := send(client, r)
	if err != nil {
		return "", nil, err
	}
	sum := sha256.Sum256(answer[:len(answer)-ed25519.SignatureSize])
	if key, _ := f.signing.Public().(ed25519.PublicKey); !ed25519.Verify(key, sum[:], answer[len(answer)-ed25519.SignatureSize:]) {
		return "", nil, errFloor
	}
	return string(answer[:36]), answer[36 : len(answer)-ed25519.SignatureSize], nil
}

// open opens what was sealed to the device.
func (d *floorDevice) open(lease string, sealed []byte) ([]byte, error) {
	return hpke.Open(d.sealing, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(lease), sealed)
}

// askRevocation is the client's half of a revocation.
func askRevocation(client *http.Client, url, lease string) error {
	r, err := http.NewRequest(http.MethodPost, url+"/revoke", bytes.NewReader([]byte(lease+hex.EncodeToString(random(16))))) //nolint:noctx // a load
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "token")
	_, err = send(client, r)
	return err
}

// send is the same for product and floor.
func send(client *http.Client, r *http.Request) ([]byte, error) {
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return body, err
}

func newID() string {
	b := random(16)
	ms := time.Now().UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-7" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func newGCM(b *testing.B, key []byte) cipher.AEAD {
	b.Helper()
	block, err := aes.NewCipher(key)
	fatal(b, err)
	aead, err := cipher.NewGCM(block)
	fatal(b, err)
	return aead
}

func sealGCM(aead cipher.AEAD, plain []byte) []byte {
	nonce := random(aead.NonceSize())
	return aead.Seal(nonce, nonce, plain, []byte("place"))
}

func openGCM(aead cipher.AEAD, sealed []byte) ([]byte, error) {
	return aead.Open(nil, sealed[:12], sealed[12:], []byte("place"))
}

func fatal(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
