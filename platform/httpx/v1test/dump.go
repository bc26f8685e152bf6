package v1test

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Row is a row of v1's database by the names of its columns, as PostgreSQL writes values, but for t and f, which are taken for booleans; nil is null.
type Row map[string]any

// Table returns the rows of one of v1's tables, in the order of the dump, or skips the test where the fixtures are not.
func Table(t testing.TB, name string) (rows []Row) {
	t.Helper()
	f, err := os.Open(filepath.Join(root(t), "..", "shared", "fixtures", "v1", "v1-dump.sql"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the dump of v1 is not here (../shared/fixtures)")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	var columns []string
	for lines.Scan() {
		line := lines.Text()
		switch {
		case columns == nil:
			if rest, is := strings.CutPrefix(line, "COPY public."+name+" ("); is {
				names, _, _ := strings.Cut(rest, ")")
				columns = strings.Split(strings.ReplaceAll(names, `"`, ""), ", ")
			}
		case line == `\.`:
			return rows
		default:
			rows = append(rows, rowOf(columns, strings.Split(line, "\t")))
		}
	}
	t.Fatalf("the dump has no table %s: %v", name, lines.Err())
	return nil
}

func rowOf(columns, values []string) Row {
	row := Row{}
	for i, c := range columns {
		switch values[i] {
		case `\N`:
			row[c] = nil
		case "t":
			row[c] = true
		case "f":
			row[c] = false
		default:
			row[c] = escapes.Replace(values[i])
		}
	}
	return row
}

// escapes are those of COPY's text format that texts of ours have.
var escapes = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r")
