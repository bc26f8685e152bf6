// Package jobs knows River.
package jobs

import _ "github.com/riverqueue/river"

// Enqueue takes a function.
func Enqueue(any) {}
