package bench

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"time"
)

// runStreamFloor is the bare net/http server with TLS whose one handler holds a stream: no signature, no protocol, no
// database. It answers its first question with its address.
func runStreamFloor(in *json.Decoder, out *json.Encoder) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	certificate, err := bareCertificate()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(holdStream), TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	go func() { _ = server.ServeTLS(listener, "", "") }()
	if err := out.Encode(crowdHub{Address: listener.Addr().String()}); err != nil {
		return err
	}
	var nothing any
	return in.Decode(&nothing) // until standard input ends
}

func holdStream(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w)
	ticker := time.NewTicker(20 * time.Second)
	defer ticker.Stop()
	for {
		if _, err := w.Write([]byte("news\n")); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
	}
}

func bareCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
