package jsonfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/staff-control/staff-control/platform/jsonfile"
)

type note struct{ Text string }

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "note.json")
	for _, text := range []string{"first", "second"} {
		if err := jsonfile.Write(path, note{text}); err != nil {
			t.Fatal(err)
		}
		var got note
		if err := jsonfile.Read(path, &got); err != nil || got.Text != text {
			t.Errorf("%+v, %v, want %s", got, err, text)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read it", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNoFileChangesNothing(t *testing.T) {
	t.Parallel()
	got := note{"as it was"}
	if err := jsonfile.Read(filepath.Join(t.TempDir(), "none.json"), &got); err != nil || got.Text != "as it was" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnUnreadableFileIsSaid(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "note.json")
	if err := os.WriteFile(path, []byte(`{"Text":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := jsonfile.Read(path, &note{}); err == nil {
		t.Error("half a file is read")
	}
}

func TestAFailedWriteLeavesTheOld(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "note.json")
	if err := jsonfile.Write(path, note{"kept"}); err != nil {
		t.Fatal(err)
	}
	if err := jsonfile.Write(path, make(chan int)); err == nil {
		t.Error("a channel is no JSON")
	}
	if err := jsonfile.Write(filepath.Join(path, "below", "a.json"), note{}); err == nil {
		t.Error("written below a file")
	}
	var got note
	if err := jsonfile.Read(path, &got); err != nil || got.Text != "kept" {
		t.Errorf("%+v, %v", got, err)
	}
}
