package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3Config says which bucket. Nothing of it comes from the environment.
type S3Config struct {
	Bucket string
	Region string
	// Endpoint is the server's address; empty for AWS. PublicEndpoint is how those reach it who are given an address of
	// a file, if that is different.
	Endpoint, PublicEndpoint string
	AccessKey, SecretKey     string
	// PathStyle puts the bucket into the path of addresses; MinIO always does so.
	PathStyle bool
	// Timeout is how long one request may take, and one answer's next bytes may be awaited.
	Timeout time.Duration
}

const (
	dialTimeout = 10 * time.Second
	maxAttempts = 3
	maxBackoff  = time.Second // who asks us tries again too, and with more patience
	pageSize    = 1000        // of a list; S3 gives no more
)

// bucket keeps files on an S3 server.
type bucket struct {
	S3Config
	client *s3.Client
	signer *s3.PresignClient
	idle   *http.Transport
	now    func() time.Time
}

func newS3(cfg Config) *bucket {
	b := &bucket{S3Config: cfg.Bucket, now: cfg.Now, idle: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: cfg.Bucket.Timeout,
		MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}}
	b.PathStyle = b.PathStyle || cfg.Driver == MinIO
	b.client = b.at(b.Endpoint)
	public := b.client
	if b.PublicEndpoint != "" {
		public = b.at(b.PublicEndpoint)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }) // S3's way: escaped once
	b.signer = s3.NewPresignClient(public, func(o *s3.PresignOptions) { o.Presigner = &clocked{signer, b.now} })
	return b
}

// at is a client of the server. It sends checksums only where S3 itself demands them: other servers do not know them
// all. The signature covers the SHA-256 of what is stored, so damage on the way is noticed all the same.
func (b *bucket) at(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		Region: b.Region, UsePathStyle: b.PathStyle, HTTPClient: &http.Client{Transport: b.idle},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: b.AccessKey, SecretAccessKey: b.SecretKey, Source: "settings"}, nil
		}),
		RequestChecksumCalculation:                aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation:                aws.ResponseChecksumValidationWhenRequired,
		DisableLogOutputChecksumValidationSkipped: true,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = maxAttempts, maxBackoff
		}),
	}, func(o *s3.Options) {
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	})
}

// clocked signs at the time of our clock.
type clocked struct {
	*v4.Signer
	now func() time.Time
}

func (c *clocked) PresignHTTP(ctx context.Context, cr aws.Credentials, r *http.Request, hash, service, region string, _ time.Time, o ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return c.Signer.PresignHTTP(ctx, cr, r, hash, service, region, c.now().UTC(), o...)
}

// Close ends connections that wait for the next request.
func (b *bucket) Close() error {
	b.idle.CloseIdleConnections()
	return nil
}

func (b *bucket) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, b.Timeout, fmt.Errorf("the S3 server did not answer within %s: %w", b.Timeout, context.DeadlineExceeded))
}

// missingKey calls by its name that there is no such file. A missing bucket is another error.
func missingKey(err error) error {
	var answer *awshttp.ResponseError
	var code interface{ ErrorCode() string }
	if errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotFound &&
		!(errors.As(err, &code) && code.ErrorCode() == "NoSuchBucket") {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// Open asks for the file. Its content comes as it is read; a server that falls silent meanwhile is given up.
func (b *bucket) Open(ctx context.Context, path string) (io.ReadCloser, Object, error) {
	if err := CheckPath(path); err != nil {
		return nil, Object{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	give := time.AfterFunc(b.Timeout, func() {
		cancel(fmt.Errorf("the S3 server fell silent for %s: %w", b.Timeout, context.DeadlineExceeded))
	})
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Bucket, Key: &path})
	give.Stop()
	if err != nil {
		cancel(nil)
		return nil, Object{}, missingKey(err)
	}
	body := &patient{ReadCloser: out.Body, ctx: ctx, cancel: cancel, timer: give, limit: b.Timeout}
	o := b.object(path, out.ContentLength, out.LastModified, out.ContentType, out.Metadata)
	return body, o, nil
}

// patient reads an answer whose next bytes may take only so long.
type patient struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
}

func (p *patient) Read(buf []byte) (int, error) {
	p.timer.Reset(p.limit)
	n, err := p.ReadCloser.Read(buf)
	p.timer.Stop()
	if cause := context.Cause(p.ctx); err != nil && cause != nil {
		err = cause
	}
	return n, err
}

func (p *patient) Close() error {
	p.timer.Stop()
	defer p.cancel(nil)
	return p.ReadCloser.Close()
}

// Stat asks what the server knows of the file.
func (b *bucket) Stat(ctx context.Context, path string) (Object, error) {
	if err := CheckPath(path); err != nil {
		return Object{}, err
	}
	ctx, cancel := b.within(ctx)
	defer cancel()
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.Bucket, Key: &path})
	if err != nil {
		return Object{}, missingKey(err)
	}
	return b.object(path, out.ContentLength, out.LastModified, out.ContentType, out.Metadata), nil
}

func (b *bucket) object(path string, size *int64, modified *time.Time, contentType *string, metadata map[string]string) Object {
	o := Object{Path: path, Size: aws.ToInt64(size), Modified: aws.ToTime(modified).UTC(), ContentType: aws.ToString(contentType), Locator: "s3://" + b.Bucket + "/" + path}
	for key, value := range metadata {
		if o.Metadata == nil {
			o.Metadata = map[string]string{}
		}
		o.Metadata[key] = unescapeMetadata(value)
	}
	return o
}

// Delete removes the file.
func (b *bucket) Delete(ctx context.Context, path string) error {
	if err := CheckPath(path); err != nil {
		return err
	}
	ctx, cancel := b.within(ctx)
	defer cancel()
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.Bucket, Key: &path})
	if errors.Is(missingKey(err), ErrNotFound) {
		return nil
	}
	return err
}

// List asks for keys, page by page.
func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		err := checkPrefix(prefix)
		for after, more := "", true; more && err == nil; more = after != "" {
			var page []Object
			page, after, err = b.page(ctx, prefix, after)
			for _, o := range page {
				if !yield(o, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(Object{}, err)
		}
	}
}

// page returns the keys after that one, and the one after which the next page begins, empty at the end.
func (b *bucket) page(ctx context.Context, prefix, after string) (files []Object, next string, err error) {
	ctx, cancel := b.within(ctx)
	defer cancel()
	in := s3.ListObjectsV2Input{Bucket: &b.Bucket, Prefix: &prefix, MaxKeys: aws.Int32(pageSize)}
	if after != "" {
		in.StartAfter = &after
	}
	out, err := b.client.ListObjectsV2(ctx, &in)
	if err != nil {
		return nil, "", err
	}
	for _, c := range out.Contents {
		next = aws.ToString(c.Key)
		if CheckPath(next) == nil { // others may have put other things there
			files = append(files, Object{Path: next, Size: aws.ToInt64(c.Size), Modified: aws.ToTime(c.LastModified).UTC()})
		}
	}
	if !aws.ToBool(out.IsTruncated) {
		next = ""
	}
	return files, next, nil
}

// URL signs an address of the server.
func (b *bucket) URL(ctx context.Context, path string, expiresIn time.Duration, disposition string) (string, error) {
	if err := CheckPath(path); err != nil {
		return "", err
	}
	in := s3.GetObjectInput{Bucket: &b.Bucket, Key: &path}
	if disposition != "" {
		in.ResponseContentDisposition = &disposition
	}
	out, err := b.signer.PresignGetObject(ctx, &in, s3.WithPresignExpires(expiresIn))
	if err != nil {
		return "", err
	}
	return out.URL, nil
}

// Check asks for the bucket.
func (b *bucket) Check(ctx context.Context) error {
	ctx, cancel := b.within(ctx)
	defer cancel()
	_, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.Bucket}, once)
	return err
}

func once(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

// escapeMetadata writes any text in ASCII, which is all that S3 keeps.
func escapeMetadata(value string) string { return url.PathEscape(value) }

func unescapeMetadata(value string) string {
	if plain, err := url.PathUnescape(value); err == nil {
		return plain
	}
	return value // somebody else's
}
