package jobs

import (
	"context"
	"time"

	"github.com/purrchat/purr/internal/store"
)

const (
	// keepFinished is how long a finished job can still be looked up by whoever
	// operates the server.
	keepFinished = 24 * time.Hour
	// forgottenAtOnce is how many jobs are removed in a transaction.
	forgottenAtOnce = 1000
)

// Forget removes the jobs, of any lane, that were finished some time ago. There
// is one for many a message.
func (r *Runner) Forget(ctx context.Context) error {
	for n := int64(forgottenAtOnce); n == forgottenAtOnce; {
		err := r.DB.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.ForgetJobs(tx.Now.Add(-keepFinished), forgottenAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
