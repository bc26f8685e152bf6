package visitorpb

import "google.golang.org/grpc" // want "must not import google.golang.org/grpc: procedures"

func init() { grpc.EnableTracing = false } // want "no init()" "a variable of package google.golang.org/grpc is assigned"
