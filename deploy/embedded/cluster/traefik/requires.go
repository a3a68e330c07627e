//go:build requires

// Traefik is built from its own main package; this file only keeps its version
// in go.mod. It is part of no program.
package traefik

import _ "github.com/traefik/traefik/v3/cmd/traefik"
