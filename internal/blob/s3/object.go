package s3

import (
	"context"
	"errors"
	"io"

	"github.com/minio/minio-go/v7"
)

// Open gives the bytes of an object. They are asked for at the first Read, from
// where the last Seek went.
func (s *Store) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	return &object{ctx: ctx, store: s, key: key, size: info.Size}, nil
}

// object reads an object. It is for one goroutine.
type object struct {
	ctx   context.Context
	store *Store
	key   string
	size  int64
	// at is what is read next.
	at int64
	// body has the bytes from at on, or is nil.
	body io.ReadCloser
}

var errSeek = errors.New("s3: seek to before the beginning")

// Seek implements io.Seeker. It costs nothing until the next Read.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, errSeek
	}
	if offset != o.at {
		o.drop()
		o.at = offset
	}
	return offset, nil
}

// Read implements io.Reader. Where a connection breaks it asks once for the
// rest, and again only after there have been more bytes.
func (o *object) Read(p []byte) (int, error) {
	if o.at >= o.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	fresh := o.body == nil
	for {
		n, err := o.read(p)
		if n > 0 {
			o.at += int64(n)
			return n, nil // what is wrong will be wrong at the next Read
		}
		o.drop()
		if fresh || o.ctx.Err() != nil {
			return 0, err
		}
		fresh = true
	}
}

func (o *object) read(p []byte) (int, error) {
	if o.body == nil {
		if err := o.ask(); err != nil {
			return 0, err
		}
	}
	n, err := io.ReadAtLeast(o.body, p, 1)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // there are more, as Stat said
	}
	return n, err
}

// ask has the bytes from at on sent.
func (o *object) ask() error {
	var options minio.GetObjectOptions
	if o.at > 0 {
		if err := options.SetRange(o.at, 0); err != nil {
			return err
		}
	}
	body, _, _, err := o.store.core.GetObject(o.ctx, o.store.o.Bucket, o.store.name(o.key), options)
	if err != nil {
		return missing("read a file", err)
	}
	o.body = body
	return nil
}

func (o *object) drop() {
	if o.body != nil {
		_ = o.body.Close() // it was only read
		o.body = nil
	}
}

// Close ends the reading.
func (o *object) Close() error {
	o.drop()
	return nil
}
