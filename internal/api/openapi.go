package api

import _ "embed" // for OpenAPI

// OpenAPI is the OpenAPI 3.1 description of the contract, generated from proto/ and served by the hub.
//
//go:embed openapi.yaml
var OpenAPI []byte
