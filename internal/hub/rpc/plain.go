package rpc

import (
	"net/http"

	"github.com/keyshift-hq/keyshift/internal/api"
)

// The paths that are served besides the methods. Anyone may read them; they tell nothing about the company.
const (
	OpenAPIPath = "/openapi.yaml"
	HealthPath  = "/healthz"
)

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(api.OpenAPI) // a reader that went away
}

// serveHealth answers 200 while the hub can read its database, for load balancers.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Hub.Store.Read(r.Context()).Hub(); err != nil {
		http.Error(w, "database not readable", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
