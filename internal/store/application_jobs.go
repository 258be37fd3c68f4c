package store

import (
	"slices"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// applicationJobColumns are read from application_jobs a JOIN jobs j and LEFT
// JOIN files f.
const applicationJobColumns = `a.id, a.application_id, a.task, a.channel_id, a.processed, a.skipped, a.failed,
	j.state, j.attempts, j.created_at, j.ended_at,
	COALESCE(f.file_key, ''), COALESCE(f.name, ''), COALESCE(f.content_type, ''), COALESCE(f.size, 0)`

// The file of a job is the one that is kept: an import lets go of its own at
// its end, and old exports are removed.
const applicationJobFrom = `application_jobs a JOIN jobs j ON j.id = a.id LEFT JOIN files f ON f.job_id = a.id AND f.job_id <> 0 AND f.due = 0`

// readApplicationJob derives the state from that of the job that does it, so
// that the two cannot disagree.
func readApplicationJob(row scanner) (j chat.Job, err error) {
	var state string
	var attempts, created, ended int64
	var f chat.File
	err = row.Scan(&j.ID, &j.Application, &j.Task, &j.Channel, &j.Progress.Processed, &j.Progress.Skipped, &j.Progress.Failed,
		&state, &attempts, &created, &ended, &f.Key, &f.Name, &f.ContentType, &f.Size)
	j.CreatedAt, j.EndedAt = fromMicros(created), fromMicros(ended)
	if f.Key != "" && j.Task.IsExport() {
		f.Type = chat.HostedFile
		j.File = &f
	}
	switch {
	case state == JobFailed:
		j.State, j.GivenUp = chat.JobFailed, true
	case state == JobFinished && j.Progress.Failed > 0:
		j.State = chat.JobFailed
	case state == JobFinished:
		j.State = chat.JobFinished
	case attempts > 0:
		j.State = chat.JobRunning
	default:
		j.State = chat.JobPending
	}
	return j, err
}

// InsertApplicationJob adds what an application has asked for. The job that
// does it has the same id.
func (tx *Tx) InsertApplicationJob(j chat.Job) error {
	_, err := tx.exec("insert application job", `INSERT INTO application_jobs (id, application_id, task, channel_id) VALUES ($1, $2, $3, $4)`,
		int64(j.ID), int64(j.Application), string(j.Task), int64(j.Channel))
	return err
}

// ApplicationJob finds a job of an application, with its failures.
func (tx *Tx) ApplicationJob(app chat.ApplicationID, id chat.JobID) (chat.Job, error) {
	j, err := readApplicationJob(tx.row(`SELECT `+applicationJobColumns+` FROM `+applicationJobFrom+` WHERE a.id = $1 AND a.application_id = $2`,
		int64(id), int64(app)))
	if err != nil {
		return j, tx.wrap("find application job", err)
	}
	one := []chat.Job{j}
	err = tx.completeFailures(one)
	return one[0], err
}

var jobSort = map[string]string{ //nolint:gochecknoglobals // a constant table
	"id": "a.id", "createdTime": "j.created_at",
}

// ApplicationJobs lists the jobs of an application, oldest first; running keeps
// those that have not ended. It takes a bounded number of queries.
func (tx *Tx) ApplicationJobs(app chat.ApplicationID, running bool, r chat.PageRequest) (chat.Page[chat.Job], error) {
	q := &sqlText{}
	q.and("a.application_id = " + q.arg(int64(app)))
	if running {
		q.and("j.state = " + q.arg(JobPending))
	}
	p, err := page(tx, listQuery[chat.Job]{
		what: "list application jobs", columns: applicationJobColumns, from: applicationJobFrom, read: readApplicationJob,
		order: orderBy(r.Sort, jobSort, "a.id", "a.id"),
	}, q, r)
	if err != nil {
		return p, err
	}
	return p, tx.completeFailures(p.Items)
}

// completeFailures loads the failures of jobs.
func (tx *Tx) completeFailures(jobs []chat.Job) error {
	at := map[chat.JobID]int{}
	var ids []chat.JobID
	for i, j := range jobs {
		if j.Progress.Failed > 0 {
			at[j.ID] = i
			ids = append(ids, j.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	type failure struct {
		job chat.JobID
		chat.ElementFailure
	}
	q := &sqlText{}
	q.and("job_id IN " + in(q, ids))
	list, err := collect(tx, "list failures", func(row scanner) (f failure, err error) {
		f.Code = chat.Invalid
		err = row.Scan(&f.job, &f.Element, &f.Reason, &f.Message, &f.Field)
		return f, err
	}, "SELECT job_id, element, reason, message, field FROM job_failures"+q.conditions()+" ORDER BY job_id, element", q.args...)
	for _, f := range list {
		j := &jobs[at[f.job]]
		j.Failures = append(j.Failures, f.ElementFailure)
	}
	return err
}

// ImportState is how far an import is.
type ImportState struct {
	// ReadTo is how many octets of its file have been dealt with, below zero
	// where it has ended.
	ReadTo int64
	chat.JobProgress
}

// End is the state of a job that has nothing more to do.
func (s ImportState) End() ImportState {
	s.ReadTo = -1
	return s
}

// Ended tells whether there is nothing more to do.
func (s ImportState) Ended() bool { return s.ReadTo < 0 }

// ImportState finds how far a job is.
func (tx *Tx) ImportState(id chat.JobID) (s ImportState, err error) {
	err = tx.row(`SELECT read_to, processed, skipped, failed FROM application_jobs WHERE id = $1`, int64(id)).
		Scan(&s.ReadTo, &s.Processed, &s.Skipped, &s.Failed)
	return s, tx.wrap("find state of an import", err)
}

// MoveImport moves a job from one state to another, and notes the failures on
// the way, as long as fewer than chat.MaxJobFailures have been noted.
// ErrNotFound says that somebody else has moved it.
func (tx *Tx) MoveImport(id chat.JobID, from, to ImportState, failures []chat.ElementFailure) error {
	n, err := tx.exec("move import", `UPDATE application_jobs SET read_to = $1, processed = $2, skipped = $3, failed = $4
		WHERE id = $5 AND read_to = $6 AND processed = $7 AND failed = $8`,
		to.ReadTo, to.Processed, to.Skipped, to.Failed, int64(id), from.ReadTo, from.Processed, from.Failed)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	for i, f := range failures {
		if err != nil || from.Failed+int64(i) >= chat.MaxJobFailures {
			return err
		}
		_, err = tx.exec("insert failure", `INSERT INTO job_failures (job_id, element, reason, message, field) VALUES ($1, $2, $3, $4, $5)`,
			int64(id), f.Element, f.Reason, f.Message, f.Field)
	}
	return err
}

// Imported tells which of the keys have been imported by a task before.
func (tx *Tx) Imported(app chat.ApplicationID, task chat.Task, keys []string) (map[string]bool, error) {
	found := map[string]bool{}
	for some := range slices.Chunk(keys, maxArguments) {
		q := &sqlText{}
		q.and("application_id = " + q.arg(int64(app)))
		q.and("task = " + q.arg(string(task)))
		q.and("element_key IN " + inTexts(q, some))
		list, err := collect(tx, "find imported elements", func(row scanner) (key string, err error) {
			err = row.Scan(&key)
			return key, err
		}, "SELECT element_key FROM imported_elements"+q.conditions(), q.args...)
		if err != nil {
			return nil, err
		}
		for _, key := range list {
			found[key] = true
		}
	}
	return found, nil
}

// InsertImported notes keys as imported, each of which is new.
func (tx *Tx) InsertImported(app chat.ApplicationID, task chat.Task, keys []string) error {
	rows := make([][]any, len(keys))
	for i, key := range keys {
		rows[i] = []any{int64(app), string(task), key}
	}
	return tx.insertRows("note imported elements", "imported_elements (application_id, task, element_key)", rows)
}

// KeepJobFile makes an uploaded file that of a job. ErrNotFound means what it
// does for KeepMessageFile.
func (tx *Tx) KeepJobFile(a chat.Actor, f chat.File, job chat.JobID) error {
	return tx.keepFile(`UPDATE files SET due = 0, size = $1, job_id = $6
		WHERE file_key = $2 AND application_id = $3 AND uploader_id = $4 AND due > $5`,
		f.Size, f.Key, int64(a.Application), int64(a.User), micros(tx.Now), int64(job))
}

// JobFile finds the key of a job's file.
func (tx *Tx) JobFile(job chat.JobID) (key string, err error) {
	err = tx.row(`SELECT file_key FROM files WHERE job_id = $1 AND job_id <> 0 AND due = 0`, int64(job)).Scan(&key)
	return key, tx.wrap("find file of a job", err)
}

// ReleaseJobFile lets go of the bytes of a job's file.
func (tx *Tx) ReleaseJobFile(job chat.JobID) error {
	_, err := tx.exec("release file", `UPDATE files SET due = $1 WHERE job_id = $2 AND job_id <> 0 AND due = 0`, micros(tx.Now), int64(job))
	return err
}

// ReleaseJobFilesBefore lets go of the bytes of jobs' files that are older than
// a time, but for those of jobs that have yet to end.
func (tx *Tx) ReleaseJobFilesBefore(before time.Time) error {
	_, err := tx.exec("release old files", `UPDATE files SET due = $1 WHERE job_id <> 0 AND due = 0 AND created_at < $2
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = files.job_id AND j.state = 'PENDING')`, micros(tx.Now), micros(before))
	return err
}
