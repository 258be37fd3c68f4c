// Package s3 is a [blob.Store] in a bucket of an object storage that speaks the
// S3 protocol, which several nodes can share.
//
// S3 wants to know the size of what is sent, so bytes that come in go through a
// temporary file, a part at a time. It has no name, and is gone with the
// process. What is larger than a part becomes an object once all its parts are
// there, so that under a key there is all or nothing.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/purrchat/purr/internal/blob"
	"github.com/purrchat/purr/internal/kit/clock"
)

// Ways to name a bucket in an address.
const (
	// Auto is by host name with the large providers, by path elsewhere.
	Auto = "auto"
	// Path is https://endpoint/bucket/key.
	Path = "path"
	// Host is https://bucket.endpoint/key.
	Host = "host"
)

// Options say where the bucket is. All but Prefix must be set.
type Options struct {
	// Endpoint is the address of the storage, such as https://s3.example.org.
	Endpoint string
	Bucket   string
	Region   string
	// AccessKey and SecretKey say who we are.
	AccessKey, SecretKey string
	// Prefix is what the names of all our objects begin with.
	Prefix string
	// Addressing is Auto, Path or Host.
	Addressing string
	// Scratch is a directory for the parts on their way, made when needed.
	Scratch string
	// Clock tells when to try again.
	Clock clock.Clock
}

const (
	// smallestPart is the least that a part may have that is not the last, in
	// bytes.
	smallestPart = 5 << 20
	// mostParts is how many parts an object may have.
	mostParts = 10_000
	// largest is the largest object, in bytes.
	largest = 5 << 40

	// patience bounds what takes no bytes with it, and its repetitions.
	patience = 20 * time.Second
	// partPatience bounds the sending of a part, and its repetitions.
	partPatience = 5 * time.Minute
	// attempts is how often a request is made in all, if the storage fails at
	// it in a way that may pass. Waits in between begin with firstWait and
	// double.
	attempts  = 5
	firstWait = 200 * time.Millisecond
)

// Store keeps bytes in a bucket. It keeps nothing in memory and, besides the
// connections of its HTTP client, starts no goroutine.
type Store struct {
	o         Options
	core      minio.Core
	transport *http.Transport
}

var _ blob.Store = (*Store)(nil)

// New makes a store. It asks nothing of the storage; see Check.
func New(o Options) (*Store, error) {
	endpoint, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("the address of the storage: %w", err)
	}
	secure := endpoint.Scheme == "https"
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("prepare for the storage: %w", err)
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""),
		Secure: secure, Region: o.Region, Transport: transport, MaxRetries: attempts, BucketLookup: lookup(o.Addressing),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare for the storage: %w", err)
	}
	return &Store{o: o, core: minio.Core{Client: client}, transport: transport}, nil
}

func lookup(addressing string) minio.BucketLookupType {
	switch addressing {
	case Path:
		return minio.BucketLookupPath
	case Host:
		return minio.BucketLookupDNS
	default:
		return minio.BucketLookupAuto
	}
}

// Check tells in words for an operator what keeps the bucket from being used.
// It lists, because whoever may not list is told of an object that is not there
// that he may not see it.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for object := range s.core.ListObjectsIter(ctx, s.o.Bucket, minio.ListObjectsOptions{Prefix: s.o.Prefix, MaxKeys: 1}) {
		if object.Err != nil {
			return s.explained(object.Err)
		}
		break
	}
	return nil
}

func (s *Store) explained(err error) error {
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchBucket:
		return fmt.Errorf("files: there is no bucket %q at %s", s.o.Bucket, s.o.Endpoint)
	case minio.InvalidAccessKeyID, minio.SignatureDoesNotMatch, minio.AccessDenied:
		return fmt.Errorf("files: %s does not let the access key %q use the bucket %q: %w", s.o.Endpoint, s.o.AccessKey, s.o.Bucket, err)
	default:
		return fmt.Errorf("files: the bucket %q at %s cannot be used: %w", s.o.Bucket, s.o.Endpoint, err)
	}
}

// Close gives up the connections that nothing uses.
func (s *Store) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

func (s *Store) name(key string) string { return s.o.Prefix + key }

// Put keeps what it reads.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, limit int64) (int64, error) {
	if err := blob.CheckKey(key); err != nil {
		return 0, err
	}
	scratch, err := s.scratch()
	if err != nil {
		return 0, fmt.Errorf("make a temporary file: %w", err)
	}
	defer func() { _ = scratch.Close() }() // its bytes are in the bucket, or not wanted
	u := upload{store: s, key: key, scratch: scratch, part: max(smallestPart, min(limit, largest)/mostParts+1)}
	if err := u.take(ctx, blob.Limit(ctx, r, limit)); err != nil {
		u.abort(ctx)
		return 0, fmt.Errorf("take a file in: %w", err)
	}
	return u.size, nil
}

// scratch makes a file without a name.
func (s *Store) scratch() (*os.File, error) {
	if err := os.MkdirAll(s.o.Scratch, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(s.o.Scratch, "part-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// Stat tells size and age of an object.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	info, err := s.core.StatObject(ctx, s.o.Bucket, s.name(key), minio.StatObjectOptions{})
	if err != nil {
		return blob.Info{}, missing("look at a file", err)
	}
	return blob.Info{Size: info.Size, ModTime: info.LastModified}, nil
}

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.core.RemoveObject(ctx, s.o.Bucket, s.name(key), minio.RemoveObjectOptions{})
	if err = missing("remove a file", err); errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	return err
}

// Clean removes the parts of what a process that died left incomplete, if it
// was begun before a time.
func (s *Store) Clean(ctx context.Context, before time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the list ends with it
	for upload := range s.core.ListIncompleteUploads(ctx, s.o.Bucket, s.o.Prefix, true) {
		if upload.Err != nil {
			return fmt.Errorf("list incomplete files: %w", upload.Err)
		}
		if !upload.Initiated.Before(before) {
			continue
		}
		err := s.core.AbortMultipartUpload(ctx, s.o.Bucket, upload.Key, upload.UploadID)
		if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchUpload {
			return fmt.Errorf("remove an incomplete file: %w", err)
		}
	}
	return ctx.Err()
}

// missing gives a failed look-up its name.
func missing(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case minio.ToErrorResponse(err).Code == minio.NoSuchKey:
		return blob.ErrNotFound
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}
