package uplink

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
)

// batch is what goes to the server at once.
type batch struct {
	stream  backlog.Stream
	epoch   string
	rows    []backlog.Row
	dropped []backlog.Dropped
}

func (b batch) first() int64 { return b.rows[0].Seq }
func (b batch) last() int64  { return b.rows[len(b.rows)-1].Seq }

// token says which positions of which buffer these are: the same rows have the same token whenever they are sent.
// A batch without rows only reports what was dropped.
func (b batch) token(gatewayID string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", gatewayID, b.epoch, b.stream)
	if len(b.rows) > 0 {
		fmt.Fprintf(h, "%d\n%d\n", b.first(), b.last())
	}
	if len(b.rows) == 0 {
		for _, d := range b.dropped {
			fmt.Fprintf(h, "dropped\n%d\n%d\n%s\n", d.First, d.Last, d.Reason)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// head is what stands before the rows.
type head struct {
	GatewayID        string            `json:"gatewayId"`
	IdempotencyToken string            `json:"idempotencyToken"`
	Epoch            string            `json:"epoch"`
	Stream           backlog.Stream    `json:"stream"`
	SentAt           time.Time         `json:"sentAt"`
	Until            time.Time         `json:"until,omitzero"`
	Dropped          []backlog.Dropped `json:"dropped,omitempty"`
}

func (b batch) head(gatewayID string, now time.Time) head {
	h := head{
		GatewayID: gatewayID, IdempotencyToken: b.token(gatewayID), Epoch: b.epoch, Stream: b.stream,
		SentAt: now.UTC(), Dropped: b.dropped,
	}
	for _, r := range b.rows {
		if r.CreatedAt.After(h.Until) {
			h.Until = r.CreatedAt.UTC()
		}
	}
	return h
}

// encode writes the batch. Payloads are JSON already and are copied, with their position put in front.
func (b batch) encode(gatewayID string, now time.Time) ([]byte, error) {
	size := 512 + sizeOf(b.rows) + 24*len(b.rows)
	start, err := json.Marshal(b.head(gatewayID, now))
	if err != nil {
		return nil, fmt.Errorf("encode batch: %w", err)
	}
	text := append(make([]byte, 0, size+len(start)), start[:len(start)-1]...)
	text = append(text, `,"data":[`...)
	for i, r := range b.rows {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendItem(text, r)
	}
	return append(text, "]}"...), nil
}

func appendItem(text []byte, r backlog.Row) []byte {
	text = strconv.AppendInt(append(text, `{"seq":`...), r.Seq, 10)
	fields := bytes.TrimPrefix(r.Payload, []byte("{"))
	if len(fields) > 1 { // more than the closing brace
		text = append(text, ',')
	}
	return append(text, fields...)
}

// maxLinks bounds the traces that one delivery names.
const maxLinks = 16

// traces finds the requests that brought the rows, where those were sampled. The buffer writes an event's trace
// as its last field; a text cannot look like it, because its quotes are escaped.
func (b batch) traces() (links []string) {
	const field = `"trace":"`
	seen := map[string]bool{}
	for _, r := range b.rows {
		i := bytes.LastIndex(r.Payload, []byte(field))
		if i < 0 {
			continue
		}
		text := r.Payload[i+len(field):]
		end := bytes.IndexByte(text, '"')
		if end < 0 || seen[string(text[:end])] {
			continue
		}
		seen[string(text[:end])] = true
		if links = append(links, string(text[:end])); len(links) == maxLinks {
			break
		}
	}
	return links
}

// packer compresses bodies. It holds little memory while nothing is sent.
type packer struct {
	encoding string // as in Content-Encoding; empty is none
	zstd     *zstd.Encoder
}

func newPacker(compression string) (*packer, error) {
	switch compression {
	case gzipCompression:
		return &packer{encoding: "gzip"}, nil
	case zstdCompression:
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10),
			zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true))
		return &packer{encoding: "zstd", zstd: e}, err
	}
	return &packer{}, nil
}

func (p *packer) pack(body []byte) ([]byte, error) {
	switch p.encoding {
	case "zstd":
		return p.zstd.EncodeAll(body, make([]byte, 0, len(body)/4)), nil
	case "gzip":
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(body); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		return out.Bytes(), nil
	}
	return body, nil
}
