package store

import (
	"encoding/json"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

const invocationColumns = `id, application_id, function_id, version_number, status, args, payload, failure, lines, duration, created_at`

func readInvocation(row scanner) (i chat.Invocation, err error) {
	var args, payload, failure, lines string
	var duration, created int64
	err = row.Scan(&i.ID, &i.Application, &i.Function, &i.Version, &i.Status, &args, &payload, &failure, &lines, &duration, &created)
	if err != nil {
		return i, err
	}
	i.Args, i.Duration, i.CreatedAt = json.RawMessage(args), time.Duration(duration)*time.Microsecond, fromMicros(created)
	if payload != "" {
		i.Payload = json.RawMessage(payload)
	}
	if failure != "" {
		i.Failure = &chat.InvocationFailure{}
		if err := json.Unmarshal([]byte(failure), i.Failure); err != nil {
			return i, err
		}
	}
	if lines != "" {
		err = json.Unmarshal([]byte(lines), &i.Lines)
	}
	return i, err
}

// SetInvocation keeps a run of a function as it is now. What has ended stays as
// it ended.
func (tx *Tx) SetInvocation(i chat.Invocation) error {
	failure, lines := "", ""
	if i.Failure != nil {
		text, err := json.Marshal(i.Failure)
		if err != nil {
			return err
		}
		failure = string(text)
	}
	if len(i.Lines) > 0 {
		text, err := json.Marshal(i.Lines)
		if err != nil {
			return err
		}
		lines = string(text)
	}
	_, err := tx.exec("set invocation", `INSERT INTO function_invocations (`+invocationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status, payload = EXCLUDED.payload, failure = EXCLUDED.failure, lines = EXCLUDED.lines,
		duration = EXCLUDED.duration WHERE function_invocations.status = 'RUNNING'`,
		int64(i.ID), int64(i.Application), int64(i.Function), i.Version, string(i.Status), string(i.Args), string(i.Payload), failure, lines,
		i.Duration.Microseconds(), micros(i.CreatedAt))
	return err
}

var invocationSort = map[string]string{ //nolint:gochecknoglobals // a constant table
	"id": "id", "createdTime": "created_at", "versionNumber": "version_number", "status": "status",
}

// Invocations lists the runs of a function, newest first.
func (tx *Tx) Invocations(id chat.FunctionID, r chat.PageRequest) (chat.Page[chat.Invocation], error) {
	q := &sqlText{}
	q.and("function_id = " + q.arg(int64(id)))
	return page(tx, listQuery[chat.Invocation]{
		what: "list invocations", columns: invocationColumns, from: "function_invocations", read: readInvocation,
		order: orderBy(r.Sort, invocationSort, "", "id DESC"),
	}, q, r)
}

// InvokedFunctions lists the functions of all applications that have runs.
func (tx *Tx) InvokedFunctions() ([]chat.FunctionID, error) {
	return collect(tx, "list invoked functions", readID[chat.FunctionID],
		`SELECT f.id FROM functions f WHERE EXISTS (SELECT 1 FROM function_invocations i WHERE i.function_id = f.id) ORDER BY f.id`)
}

// ForgetInvocations removes up to limit runs of a function that are older than
// a time or than its newest ones, of which it keeps so many. It tells whether
// more are left.
func (tx *Tx) ForgetInvocations(id chat.FunctionID, before time.Time, keep, limit int) (more bool, err error) {
	surplus, err := tx.count("find old invocations", `SELECT COALESCE(max(id), 0) FROM
		(SELECT id FROM function_invocations WHERE function_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2) AS old`, int64(id), keep)
	if err != nil {
		return false, err
	}
	n, err := tx.exec("forget invocations", `DELETE FROM function_invocations WHERE id IN
		(SELECT id FROM function_invocations WHERE function_id = $1 AND (id <= $2 OR created_at < $3) ORDER BY id LIMIT $4)`,
		int64(id), surplus, micros(before), limit)
	return n == int64(limit), err
}
