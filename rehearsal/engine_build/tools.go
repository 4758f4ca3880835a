//go:build tools

// Package engine names the command that is built, so that go.mod and go.sum hold exactly what it needs.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
