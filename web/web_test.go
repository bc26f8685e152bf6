package web

import (
	"errors"
	"io/fs"
	"testing"
)

func TestBuiltSaysWhetherThereIsAPage(t *testing.T) {
	t.Parallel()
	_, err := fs.Stat(Files(), "index.html")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if got, want := Built(), err == nil; got != want {
		t.Errorf("Built() = %t, want %t", got, want)
	}
}

func TestFilesHoldsWhatKeepsTheDirectory(t *testing.T) {
	t.Parallel()
	if _, err := fs.Stat(Files(), ".gitkeep"); err != nil {
		t.Error(err)
	}
}
