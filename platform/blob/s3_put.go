package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// partSize is how much of a file is in memory at a time. What is smaller goes in one request. With 10,000 parts at
	// the most, a file can have 156 GiB.
	partSize = 16 << 20
	// abortTimeout bounds the taking back of an upload, which outlives the request that made it.
	abortTimeout = 10 * time.Second
)

// Put sends the file, in parts if it is large.
func (b *bucket) Put(ctx context.Context, path string, r io.Reader, o Options) (Object, error) {
	if err := o.check(path); err != nil {
		return Object{}, err
	}
	if o.ContentType == "" {
		o.ContentType = anyType
	}
	u := upload{bucket: b, path: path, options: o, body: &source{ctx: ctx, r: r, want: o.Size}}
	last, err := u.fill()
	switch {
	case err != nil:
	case last:
		err = u.whole(ctx)
	default:
		err = u.inParts(ctx)
	}
	if err != nil {
		return Object{}, fmt.Errorf("store a file: %w", err)
	}
	stored := b.object(path, &u.body.size, aws.Time(b.now().Truncate(time.Second)), &o.ContentType, nil)
	stored.Metadata = maps.Clone(o.Metadata)
	return stored, nil
}

// upload is one file on its way.
type upload struct {
	*bucket
	path    string
	options Options
	body    *source
	part    bytes.Buffer
}

// fill reads the next part and reports whether it is the last.
func (u *upload) fill() (last bool, err error) {
	u.part.Reset()
	if size := min(u.options.Size-u.body.size, partSize); size > 0 {
		u.part.Grow(int(size) + bytes.MinRead) // room to see the end without growing
	}
	_, err = io.CopyN(&u.part, u.body, partSize)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}

func (u *upload) metadata() map[string]string {
	ascii := map[string]string{}
	for key, value := range u.options.Metadata {
		ascii[key] = escapeMetadata(value)
	}
	return ascii
}

func (u *upload) whole(ctx context.Context) error {
	ctx, cancel := u.within(ctx)
	defer cancel()
	_, err := u.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &u.Bucket, Key: &u.path, Body: bytes.NewReader(u.part.Bytes()), ContentLength: aws.Int64(int64(u.part.Len())),
		ContentType: &u.options.ContentType, Metadata: u.metadata(),
	})
	return err
}

// inParts sends what is read, part by part; the first is read already. What fails is taken back.
func (u *upload) inParts(ctx context.Context) error {
	begin, cancel := u.within(ctx)
	defer cancel()
	made, err := u.client.CreateMultipartUpload(begin, &s3.CreateMultipartUploadInput{
		Bucket: &u.Bucket, Key: &u.path, ContentType: &u.options.ContentType, Metadata: u.metadata(),
	})
	if err != nil {
		return err
	}
	parts, err := u.parts(ctx, made.UploadId)
	if err == nil {
		err = u.complete(ctx, made.UploadId, parts)
	}
	if err != nil {
		return errors.Join(err, u.abort(context.WithoutCancel(ctx), u.path, made.UploadId))
	}
	return nil
}

func (u *upload) parts(ctx context.Context, uploadID *string) (parts []types.CompletedPart, err error) {
	for last := false; u.part.Len() > 0; {
		number := aws.Int32(int32(len(parts) + 1))
		tag, err := u.send(ctx, uploadID, number)
		if err != nil {
			return nil, err
		}
		parts = append(parts, types.CompletedPart{ETag: tag, PartNumber: number})
		if last {
			break
		}
		if last, err = u.fill(); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func (u *upload) send(ctx context.Context, uploadID *string, number *int32) (tag *string, err error) {
	ctx, cancel := u.within(ctx)
	defer cancel()
	out, err := u.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.Bucket, Key: &u.path, UploadId: uploadID, PartNumber: number,
		Body: bytes.NewReader(u.part.Bytes()), ContentLength: aws.Int64(int64(u.part.Len())),
	})
	if err != nil {
		return nil, err
	}
	return out.ETag, nil
}

func (u *upload) complete(ctx context.Context, uploadID *string, parts []types.CompletedPart) error {
	ctx, cancel := u.within(ctx)
	defer cancel()
	_, err := u.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.Bucket, Key: &u.path, UploadId: uploadID, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	return err
}

func (b *bucket) abort(ctx context.Context, path string, uploadID *string) error {
	ctx, cancel := context.WithTimeout(ctx, abortTimeout)
	defer cancel()
	_, err := b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &b.Bucket, Key: &path, UploadId: uploadID}, once)
	if errors.Is(missingKey(err), ErrNotFound) {
		return nil
	}
	return err
}

// Sweep takes back uploads that nobody goes on with.
func (b *bucket) Sweep(ctx context.Context, before time.Time) (n int, err error) {
	in := s3.ListMultipartUploadsInput{Bucket: &b.Bucket}
	for {
		out, err := b.unfinished(ctx, &in)
		if err != nil {
			return n, err
		}
		for _, u := range out.Uploads {
			if !aws.ToTime(u.Initiated).Before(before) {
				continue
			}
			if err := b.abort(ctx, aws.ToString(u.Key), u.UploadId); err != nil {
				return n, err
			}
			n++
		}
		if !aws.ToBool(out.IsTruncated) {
			return n, nil
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
	}
}

func (b *bucket) unfinished(ctx context.Context, in *s3.ListMultipartUploadsInput) (*s3.ListMultipartUploadsOutput, error) {
	ctx, cancel := b.within(ctx)
	defer cancel()
	return b.client.ListMultipartUploads(ctx, in)
}
