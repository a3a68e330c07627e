//go:build requires

// KWOK is built from its own main package; this file only keeps its version in
// go.mod. It is part of no program.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
