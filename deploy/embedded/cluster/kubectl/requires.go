//go:build requires

// kubectl is built from its own main package, when the ready-made one is not to
// be had; this file only keeps what it needs in go.mod. It is part of no program.
package kubectl

import _ "k8s.io/kubernetes/cmd/kubectl"
