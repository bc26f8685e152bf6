// Command staff-control may do what no other file may.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	_ "github.com/staff-control/staff-control/modules/visitors"
	_ "github.com/uptrace/bun" // want "must not import github.com/uptrace/bun: SQL belongs in"
)

func main() {
	fmt.Println(context.Background(), os.Environ(), time.Now()) // want "time.Now is not called"
	log.Print("done")
	os.Exit(1)
}
