// Command tool is of the build, and a command like main.go.
package main

import (
	"fmt"
	"os"
)

func main() { fmt.Println(os.Getenv("HOME")) }
