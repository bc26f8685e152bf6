// Package proto_test generates the Go of the .proto files. It imports none of it, so that it works where that is older.
package proto_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

const root = "../../.."

// The Go of the .proto files is what protoc-gen-go, as pinned in configs/tools.mod, makes of them; `make golden` writes it.
func TestTheGoOfTheProtosIsTheirs(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("staffcontrol/*/*/*.proto")
	if err != nil || len(names) < 2 {
		t.Fatalf("found %v: %v", names, err)
	}
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{}), SourceInfoMode: protocompile.SourceInfoStandard,
	}
	for _, name := range names {
		files, err := compiler.Compile(t.Context(), filepath.ToSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range generate(t, files[0]) {
			path := filepath.Join(root, f.GetName())
			if httptestx.Update() {
				write(t, path, f.GetContent())
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != f.GetContent() {
				t.Errorf("%s is not what %s says (make golden): %v", f.GetName(), name, err)
			}
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// generate has protoc-gen-go make the Go of a file.
func generate(t *testing.T, file protoreflect.FileDescriptor) []*pluginpb.CodeGeneratorResponse_File {
	t.Helper()
	ask := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{file.Path()}, Parameter: proto.String("module=github.com/staff-control/staff-control"),
	}
	for i := range file.Imports().Len() {
		ask.ProtoFile = append(ask.ProtoFile, protodesc.ToFileDescriptorProto(file.Imports().Get(i)))
	}
	ask.ProtoFile = append(ask.ProtoFile, withComments(file))
	in, err := proto.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=configs/tools.mod", "protoc-gen-go")
	cmd.Dir, cmd.Stdin, cmd.Stderr = root, bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	var answer pluginpb.CodeGeneratorResponse
	if err == nil {
		err = proto.Unmarshal(out, &answer)
	}
	if err != nil || answer.Error != nil {
		t.Fatalf("%s: %v %s", file.Path(), err, answer.GetError())
	}
	return answer.File
}

// withComments is the file with what its comments say, which are those of the Go.
func withComments(file protoreflect.FileDescriptor) *descriptorpb.FileDescriptorProto {
	d := protodesc.ToFileDescriptorProto(file)
	d.SourceCodeInfo = &descriptorpb.SourceCodeInfo{}
	for i := range file.SourceLocations().Len() {
		l := file.SourceLocations().Get(i)
		d.SourceCodeInfo.Location = append(d.SourceCodeInfo.Location, &descriptorpb.SourceCodeInfo_Location{
			Path: l.Path, Span: []int32{int32(l.StartLine), int32(l.StartColumn), int32(l.EndLine), int32(l.EndColumn)},
			LeadingComments: proto.String(l.LeadingComments), TrailingComments: proto.String(strings.TrimSpace(l.TrailingComments)),
			LeadingDetachedComments: l.LeadingDetachedComments,
		})
	}
	return d
}
