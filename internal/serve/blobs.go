package serve

import (
	"context"
	"path/filepath"

	"github.com/purrchat/purr/internal/blob"
	"github.com/purrchat/purr/internal/blob/disk"
	"github.com/purrchat/purr/internal/blob/s3"
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/kit/clock"
)

const (
	// filesFolder has the uploaded files within the data directory.
	filesFolder = "files"
	// partsFolder has what is on its way into a bucket.
	partsFolder = "parts"
)

// openBlobs opens what keeps the bytes of files. A server does not start with a
// bucket that it cannot use: somebody who has just configured it is still
// looking. Later it may fail and come back; a server without it can do all but
// files, and so stays ready.
func openBlobs(ctx context.Context, c config.Config, p purpose) (blob.Store, error) {
	if !c.S3.Enabled() {
		directory := c.Files.Directory
		if directory == "" {
			directory = filepath.Join(c.Data, filesFolder)
		}
		return disk.New(directory), nil
	}
	bucket, err := s3.New(s3.Options{
		Endpoint: c.S3.Endpoint, Bucket: c.S3.Bucket, Region: c.S3.Region, AccessKey: c.S3.AccessKey, SecretKey: c.S3.SecretKey,
		Prefix: c.S3.Prefix, Addressing: c.S3.Addressing, Scratch: filepath.Join(c.Data, partsFolder), Clock: clock.Real(),
	})
	if err != nil {
		return nil, err
	}
	if p == forServing {
		err = bucket.Check(ctx)
	}
	return bucket, err
}
