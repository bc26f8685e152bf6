package v1test

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

// Row is a row of v1's database by the names of its columns, as PostgreSQL writes values. What is null is absent.
type Row map[string]string

// Value is the value of a column as a database takes it: nil where it is null, and t and f are booleans.
func (r Row) Value(column string) any {
	text, there := r[column]
	switch {
	case !there:
		return nil
	case text == "t" || text == "f":
		return text == "t"
	}
	return text
}

// Tables returns the rows of v1's tables, in the order of the dump, or skips the test where the fixtures are not.
func Tables(t testing.TB) map[string][]Row {
	t.Helper()
	f := fixture(t, "v1-dump.sql")
	defer f.Close()
	tables, table, columns := map[string][]Row{}, "", []string(nil)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		head, copies := strings.CutPrefix(line, "COPY public.")
		switch {
		case copies:
			name, list, _ := strings.Cut(strings.TrimSuffix(head, ") FROM stdin;"), " (")
			table, columns = name, strings.Split(strings.ReplaceAll(list, `"`, ""), ", ")
		case line == `\.`:
			table = ""
		case table != "":
			tables[table] = append(tables[table], rowOf(columns, strings.Split(line, "\t")))
		}
	}
	if err := lines.Err(); err != nil || len(tables) == 0 {
		t.Fatalf("%d tables: %v", len(tables), err)
	}
	return tables
}

// Bulk returns the statements that add many rows to tables of v1's shape, or skips the test where the fixtures are not.
func Bulk(t testing.TB) (statements []string) {
	t.Helper()
	f := fixture(t, "v1-bulk.sql")
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	var sql strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, `\`) && !strings.HasPrefix(line, "--") { // psql's own, and comments
			sql.WriteString(line)
		}
	}
	for statement := range strings.SplitSeq(sql.String(), ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}

func rowOf(columns, values []string) Row {
	row := Row{}
	for i, c := range columns {
		if values[i] != `\N` {
			row[c] = escapes.Replace(values[i])
		}
	}
	return row
}

// escapes are those of COPY's text format that texts of ours have.
var escapes = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r")
