package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/minio/minio-go/v7"
)

// upload is one object on its way into the bucket.
type upload struct {
	store   *Store
	key     string
	scratch *os.File
	// part is how many bytes are sent at a time.
	part int64
	size int64
	// sum is the SHA-256 of what was read last, in hexadecimal digits. The
	// storage refuses what has become something else on its way.
	sum string

	// id names the upload once the first of several parts is sent.
	id    string
	parts []minio.CompletePart
	// whole tells that the storage was asked to make the object.
	whole bool
}

// take sends all of r, in one request where it fits into one part.
func (u *upload) take(ctx context.Context, r io.Reader) error {
	for {
		n, err := u.fill(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		last := err != nil
		u.size += n
		switch {
		case last && u.id == "":
			return u.sendWhole(ctx, n)
		case n > 0:
			if err := u.sendPart(ctx, n); err != nil {
				return err
			}
		}
		if last {
			return u.complete(ctx)
		}
	}
}

// fill reads the next part. It ends with io.EOF where r does.
func (u *upload) fill(r io.Reader) (int64, error) {
	if _, err := u.scratch.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	hash := sha256.New()
	n, err := io.CopyN(io.MultiWriter(u.scratch, hash), r, u.part)
	u.sum = hex.EncodeToString(hash.Sum(nil))
	return n, err
}

// send has what was read last sent, again where that fails in a way that may
// pass. The client could try again by itself, but with the same reader, which
// the HTTP client may still be reading for the attempt before.
func (u *upload) send(ctx context.Context, n int64, do func(ctx context.Context, body io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, partPatience)
	defer cancel()
	for attempt, wait := 1, firstWait; ; attempt, wait = attempt+1, 2*wait {
		// The client repeats what it can seek in.
		body := struct{ io.Reader }{io.NewSectionReader(u.scratch, 0, n)}
		err := do(ctx, body)
		if err == nil || attempt == attempts || !mayPass(err) {
			return err
		}
		timer := u.store.o.Clock.NewTimer(wait)
		select {
		case <-timer.C():
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// mayPass tells a storage that is busy or out of reach from one that refuses.
func mayPass(err error) bool {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return true
	}
	switch answer.Code {
	case "RequestTimeout", "SlowDown", "Throttling":
		return true
	default:
		return answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests
	}
}

func (u *upload) sendWhole(ctx context.Context, n int64) error {
	u.whole = true
	s := u.store
	return u.send(ctx, n, func(ctx context.Context, body io.Reader) error {
		// Signing the sum, rather than one piece after the other, is what all
		// storages understand.
		_, err := s.core.PutObject(ctx, s.o.Bucket, s.name(u.key), body, n, "", u.sum,
			minio.PutObjectOptions{DisableContentSha256: true})
		return err
	})
}

func (u *upload) sendPart(ctx context.Context, n int64) error {
	s := u.store
	if u.id == "" {
		if err := u.begin(ctx); err != nil {
			return err
		}
	}
	number := len(u.parts) + 1
	return u.send(ctx, n, func(ctx context.Context, body io.Reader) error {
		part, err := s.core.PutObjectPart(ctx, s.o.Bucket, s.name(u.key), u.id, number, body, n,
			minio.PutObjectPartOptions{Sha256Hex: u.sum, DisableContentSha256: true})
		if err == nil {
			u.parts = append(u.parts, minio.CompletePart{PartNumber: number, ETag: part.ETag})
		}
		return err
	})
}

func (u *upload) begin(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := u.store
	u.id, err = s.core.NewMultipartUpload(ctx, s.o.Bucket, s.name(u.key), minio.PutObjectOptions{})
	return err
}

func (u *upload) complete(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, partPatience) // some storages put the parts together now
	defer cancel()
	u.whole = true
	s := u.store
	_, err := s.core.CompleteMultipartUpload(ctx, s.o.Bucket, s.name(u.key), u.id, u.parts, minio.PutObjectOptions{})
	return err
}

// abort removes what the storage may have of an upload that failed, also when
// its caller has given up. What it fails at, Clean finds, or whoever deletes
// the key.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	s := u.store
	if u.id != "" {
		_ = s.core.AbortMultipartUpload(ctx, s.o.Bucket, s.name(u.key), u.id)
	}
	if u.whole { // an answer that got lost may have been that it is there
		_ = s.Delete(ctx, u.key)
	}
}
