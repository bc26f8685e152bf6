// Package kernel begins contexts.
package kernel

import "context"

var _ = context.Background()
