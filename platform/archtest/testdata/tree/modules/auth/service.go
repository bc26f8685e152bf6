// Package auth is listed as one that may act for the system.
package auth

import "github.com/staff-control/staff-control/platform/actor"

var _ = actor.System("sign in")
