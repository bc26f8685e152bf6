// Package trace follows one piece of work through processes, queues and the database, with
// OpenTelemetry. It is off until an endpoint is set; then a span costs nothing.
package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/log"
)

// Config is the section "trace".
type Config struct {
	Endpoint    string  `koanf:"endpoint" doc:"OTLP/HTTP receiver such as http://tempo:4318; off if empty"`
	SampleRatio float64 `koanf:"sample_ratio" doc:"part of the traces begun here that is kept, 0 to 1"`
}

// Validate implements kernel.Config.
func (c *Config) Validate() error {
	var faults []error
	if _, err := c.receiver(); err != nil {
		faults = append(faults, config.Problem("endpoint", "be an http or https address", c.Endpoint))
	}
	if !(c.SampleRatio >= 0 && c.SampleRatio <= 1) {
		faults = append(faults, config.Problem("sample_ratio", "be between 0 and 1", c.SampleRatio))
	}
	return errors.Join(faults...)
}

// receiver is the endpoint with OTLP's own path if it has none.
func (c *Config) receiver() (string, error) {
	if c.Endpoint == "" {
		return "", nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return "", err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("trace: no address of a receiver: %s", c.Endpoint)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	return u.String(), nil
}

// scope names the instrumentation.
const scope = "github.com/staff-control/staff-control"

// Setup begins to send the process's spans. The shutdown sends what is left; after it, spans cost
// nothing again. What cannot be sent is told to slog's default logger and lost.
func Setup(ctx context.Context, c Config, service, version string) (shutdown func(context.Context) error, err error) {
	if c.Endpoint == "" {
		return func(context.Context) error { return nil }, nil
	}
	receiver, err := c.receiver()
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(receiver))
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(c.SampleRatio))),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", service), attribute.String("service.version", version))),
	)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		slog.Default().WarnContext(ctx, "send traces", "error", err)
	}))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	return func(ctx context.Context) error {
		otel.SetTracerProvider(before)
		return provider.Shutdown(ctx)
	}, nil
}

// Start begins a span below the context's. Links are the traceparents of other traces that it
// belongs to, such as those of the events in one batch. The returned function ends it, with the
// error that its argument points to.
//
//	ctx, end := trace.Start(ctx, "ingest batch")
//	defer end(&err)
func Start(ctx context.Context, name string, links ...string) (context.Context, func(*error)) {
	provider, on := otel.GetTracerProvider().(*sdk.TracerProvider)
	if !on {
		return ctx, off
	}
	var options []trace.SpanStartOption
	for _, l := range links {
		if sc := parse(ctx, l); sc.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: sc}))
		}
	}
	before := ID(ctx)
	ctx, span := provider.Tracer(scope).Start(ctx, name, options...)
	if id := ID(ctx); id != before {
		ctx = log.With(ctx, slog.String("trace_id", id))
	}
	return ctx, func(failed *error) {
		if failed != nil && *failed != nil {
			span.SetStatus(codes.Error, log.ScrubText((*failed).Error()))
		}
		span.End()
	}
}

func off(*error) {}

// Parent returns the W3C traceparent of the context's span if it is sampled, else "". It travels
// with what is done later: a job, a row of the buffer.
func Parent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// Continue returns a context whose spans are below the one that traceparent names.
// It returns ctx if that is empty or malformed.
func Continue(ctx context.Context, traceparent string) context.Context {
	sc := parse(ctx, traceparent)
	if !sc.IsValid() {
		return ctx
	}
	return log.With(trace.ContextWithRemoteSpanContext(ctx, sc), slog.String("trace_id", sc.TraceID().String()))
}

// parse reads a traceparent, not what ctx already has.
func parse(ctx context.Context, traceparent string) trace.SpanContext {
	blank := trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	carrier := propagation.MapCarrier{"traceparent": traceparent}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(blank, carrier))
}

// ID returns the context's trace id, or "".
func ID(ctx context.Context) string {
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}

// Extract returns a context that continues the trace of a request's headers.
func Extract(ctx context.Context, h http.Header) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(h))
}

// Inject puts the context's trace into the headers of a request.
func Inject(ctx context.Context, h http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(h))
}
