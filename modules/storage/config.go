package storage

import (
	"errors"
	"net/url"
	"time"

	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "storage".
type Config struct {
	Driver         string        `koanf:"driver" doc:"where files are kept: local, s3, or minio, which is S3 with the bucket in the path of addresses"`
	BasePath       string        `koanf:"base_path" doc:"local: the directory of the files; files in the data directory if empty. Server processes share it"`
	Bucket         string        `koanf:"bucket" doc:"s3, minio: the bucket, which exists and has nothing else in it"`
	Region         string        `koanf:"region" doc:"s3, minio: the bucket's region"`
	Endpoint       string        `koanf:"endpoint" doc:"s3, minio: the server's address, https://minio:9000; AWS if empty"`
	PublicEndpoint string        `koanf:"public_endpoint" doc:"s3, minio: the server's address for browsers, if they know it by another"`
	PathStyle      bool          `koanf:"path_style" doc:"s3: the bucket stands in the path of addresses and not in the host's name"`
	AccessKey      config.Secret `koanf:"access_key" doc:"s3, minio: who we are to the server"`
	SecretKey      config.Secret `koanf:"secret_key" doc:"s3, minio: the key that goes with it"`
	SigningKey     config.Secret `koanf:"signing_key" doc:"local: signs addresses of files; the same in all server processes. A random one for each process if empty"`
	Timeout        time.Duration `koanf:"timeout" doc:"s3, minio: how long one request, of 16 MiB at the most, may take"`
	MaxUpload      config.Bytes  `koanf:"max_upload" doc:"largest file that a person may upload"`
	LinkExpiry     time.Duration `koanf:"link_expiry" doc:"how long the address of a file works if the asker does not say"`
}

const (
	minSigningKey = 32
	maxExpiry     = 7 * 24 * time.Hour // S3's
)

func defaults() Config {
	return Config{Driver: blob.Local, Region: "us-east-1", Timeout: time.Minute, MaxUpload: 20e6, LinkExpiry: 5 * time.Minute}
}

// Validate reports every setting that is out of its bounds.
func (c *Config) Validate() error {
	var faults []error
	wrong := func(key, must string, got any) { faults = append(faults, config.Problem(key, must, got)) }
	switch c.Driver {
	case blob.Local:
	case blob.S3, blob.MinIO:
		c.checkBucket(wrong)
	default:
		wrong("driver", "be local, s3 or minio", c.Driver)
	}
	if c.SigningKey != "" && len(c.SigningKey.Reveal()) < minSigningKey {
		wrong("signing_key", "have at least 32 characters", c.SigningKey)
	}
	if c.Timeout < time.Second {
		wrong("timeout", "be at least 1s", c.Timeout)
	}
	if c.MaxUpload < 1 {
		wrong("max_upload", "be more than nothing", c.MaxUpload)
	}
	if c.LinkExpiry < time.Second || c.LinkExpiry > maxExpiry {
		wrong("link_expiry", "be from 1s to 168h", c.LinkExpiry)
	}
	return errors.Join(faults...)
}

func (c *Config) checkBucket(wrong func(key, must string, got any)) {
	for key, value := range map[string]string{
		"bucket": c.Bucket, "region": c.Region, "access_key": c.AccessKey.Reveal(), "secret_key": c.SecretKey.Reveal(),
	} {
		if value == "" {
			wrong(key, "be set for driver "+c.Driver, "")
		}
	}
	if c.Endpoint == "" && c.Driver == blob.MinIO {
		wrong("endpoint", "be set for driver minio", "")
	}
	for key, value := range map[string]string{"endpoint": c.Endpoint, "public_endpoint": c.PublicEndpoint} {
		if u, err := url.Parse(value); value != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			wrong(key, "be an address as in https://minio:9000", value)
		}
	}
}
