package store

import (
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// The states of a job.
const (
	JobPending  = "PENDING"
	JobFinished = "FINISHED"
	JobFailed   = "FAILED"
)

// LongLane is the lane of work that may take hours.
const LongLane = "long"

// Job is a piece of durable work: what has to happen after a change, though
// the process may die in between.
type Job struct {
	ID          chat.JobID
	Application chat.ApplicationID
	// Lane parts work that takes long from all other, whose lane is empty: each
	// lane has workers of its own.
	Lane string
	Kind string
	// Payload is what the kind's worker needs, as JSON.
	Payload  string
	Attempts int
	RunAt    time.Time
}

const jobColumns = `id, application_id, lane, kind, payload, attempts, run_at`

func readJob(row scanner) (j Job, err error) {
	var at int64
	err = row.Scan(&j.ID, &j.Application, &j.Lane, &j.Kind, &j.Payload, &j.Attempts, &at)
	j.RunAt = fromMicros(at)
	return j, err
}

// InsertJob adds work that becomes due at j.RunAt.
func (tx *Tx) InsertJob(j Job) error {
	_, err := tx.exec("insert job", `INSERT INTO jobs (id, application_id, lane, kind, payload, state, run_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		int64(j.ID), int64(j.Application), j.Lane, j.Kind, j.Payload, JobPending, micros(j.RunAt), micros(tx.Now))
	return err
}

// LeaseJobs takes up to limit due jobs of a lane until a time, at which they become due
// again unless they have been finished. Attempts tells this lease of a job from
// earlier ones: who holds an earlier one can change the job no more.
func (tx *Tx) LeaseJobs(lane string, until time.Time, limit int) ([]Job, error) {
	return collectWritten(tx, "lease jobs", readJob, `UPDATE jobs SET run_at = $1, attempts = attempts + 1 WHERE id IN
		(SELECT id FROM jobs WHERE state = 'PENDING' AND lane = $4 AND run_at <= $2 ORDER BY run_at, id LIMIT $3) RETURNING `+jobColumns,
		micros(until), micros(tx.Now), limit, lane)
}

// NextJob tells when the next job of a lane becomes due, zero where none waits.
func (tx *Tx) NextJob(lane string) (time.Time, error) {
	n, err := tx.count("find next job", `SELECT COALESCE(min(run_at), 0) FROM jobs WHERE state = 'PENDING' AND lane = $1`, lane)
	return fromMicros(n), err
}

// FinishJob ends a leased job in a state, with the error that failed it, if
// any. ErrNotFound says that the lease was lost.
func (tx *Tx) FinishJob(j Job, state, lastError string) error {
	return tx.changeJob("finish job", `UPDATE jobs SET state = $3, last_error = $4, ended_at = $5 WHERE id = $1 AND attempts = $2 AND state = 'PENDING'`,
		j, state, lastError, micros(tx.Now))
}

// RetryJob makes a leased job due again at a later time. ErrNotFound says that
// the lease was lost.
func (tx *Tx) RetryJob(j Job, at time.Time, lastError string) error {
	return tx.changeJob("retry job", `UPDATE jobs SET run_at = $3, last_error = $4 WHERE id = $1 AND attempts = $2 AND state = 'PENDING'`,
		j, micros(at), lastError)
}

// ProlongJob keeps a leased job until a later time. ErrNotFound says that the
// lease was lost.
func (tx *Tx) ProlongJob(j Job, until time.Time) error {
	return tx.changeJob("prolong job", `UPDATE jobs SET run_at = $3 WHERE id = $1 AND attempts = $2 AND state = 'PENDING'`, j, micros(until))
}

// ForgetJobs removes up to limit jobs that were finished before a time, and tells
// how many. Those that failed stay, and those that an application may look at.
func (tx *Tx) ForgetJobs(before time.Time, limit int) (int64, error) {
	return tx.exec("forget jobs", `DELETE FROM jobs WHERE id IN (SELECT j.id FROM jobs j WHERE j.state = 'FINISHED' AND j.ended_at < $1
		AND NOT EXISTS (SELECT 1 FROM application_jobs a WHERE a.id = j.id) ORDER BY j.id LIMIT $2)`, micros(before), limit)
}

func (tx *Tx) changeJob(what, text string, j Job, args ...any) error {
	n, err := tx.exec(what, text, append([]any{int64(j.ID), j.Attempts}, args...)...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
