package visitors

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestLoop(t *testing.T) {
	synctest.Test(t, func(*testing.T) { time.Sleep(1) })
}
