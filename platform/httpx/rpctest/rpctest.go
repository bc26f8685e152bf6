// Package rpctest calls gRPC procedures in tests, by the client that others use: grpc-go.
package rpctest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Dial connects to a server until the test ends: host:port, or its URL; over h2c if config is nil.
func Dial(t testing.TB, address string, config *tls.Config) *grpc.ClientConn {
	t.Helper()
	how := insecure.NewCredentials()
	if config != nil {
		how = credentials.NewTLS(config)
	}
	if _, host, isURL := strings.Cut(address, "://"); isURL {
		address = host
	}
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(how), grpc.WithNoProxy())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// With returns a context whose calls show the key.
func With(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "x-api-key", key)
}

// Call calls a procedure of one message each way.
func Call[Out any, P interface {
	*Out
	proto.Message
}](ctx context.Context, conn *grpc.ClientConn, procedure string, in proto.Message, opts ...grpc.CallOption) (P, error) {
	out := P(new(Out))
	return out, conn.Invoke(ctx, procedure, in, out, opts...)
}

// Stream is a call with many messages.
type Stream[Out any, P interface {
	*Out
	proto.Message
}] struct{ grpc.ClientStream }

// Open begins a call of a procedure with many messages one way or both.
func Open[Out any, P interface {
	*Out
	proto.Message
}](ctx context.Context, conn *grpc.ClientConn, procedure string, opts ...grpc.CallOption) (Stream[Out, P], error) {
	s, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, procedure, opts...)
	return Stream[Out, P]{s}, err
}

// Receive returns the next answer, io.EOF after the last.
func (s Stream[Out, P]) Receive() (P, error) {
	out := P(new(Out))
	return out, s.RecvMsg(out)
}

// Ask sends a message as the last one, and returns the first answer.
func (s Stream[Out, P]) Ask(in proto.Message) (P, error) {
	if err := s.SendMsg(in); err != nil && !errors.Is(err, io.EOF) { // io.EOF: it has ended, and Receive says why
		return nil, err
	}
	if err := s.CloseSend(); err != nil {
		return nil, err
	}
	return s.Receive()
}

// Refusal is what an error says: the code and, of its details, the fault's code and the fields, "field: code".
func Refusal(err error) (code codes.Code, reason string, fields []string) {
	s := status.Convert(err)
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			reason = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				fields = append(fields, v.GetField()+": "+v.GetReason())
			}
		}
	}
	return s.Code(), reason, fields
}
