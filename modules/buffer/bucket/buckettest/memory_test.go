package buckettest

import "testing"

func TestMemory(t *testing.T) {
	t.Parallel()
	Shelf(t, func(*testing.T) Provider {
		m := NewMemory()
		return Provider{Shelf: m, Taken: m.Taken}
	})
}
