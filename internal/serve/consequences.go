package serve

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// consequence is durable work that follows an event.
type consequence struct {
	// job is the kind of the work, for whose worker payload is made.
	job     string
	payload func(chat.Event) any
	// after is how long the work waits.
	after time.Duration
}

// purgeDelay keeps the members of a deleted channel until every session that
// might still have to be told of the deletion has come back or ended.
const purgeDelay = 15 * time.Minute

// consequences lists, event by event, everything that follows it besides being
// told to those who listen. The jobs are written in the transaction of the
// event.
func consequences() map[chat.EventKind][]consequence {
	return map[chat.EventKind][]consequence{
		chat.ChannelDeleted: {{
			job: channels.PurgeJob, after: purgeDelay,
			payload: func(e chat.Event) any { return channels.Purge{Channel: e.Channel} },
		}},
		chat.UserDeleted: {{
			job:     accounts.PurgeUserJob,
			payload: func(e chat.Event) any { return accounts.PurgeUser{User: e.Target} },
		}},
	}
}

// Consequences is the table as the store asks for it. newID names the jobs.
func Consequences(newID func() int64) func(chat.Event) ([]store.Job, error) {
	table := consequences()
	return func(e chat.Event) ([]store.Job, error) {
		var due []store.Job
		for _, c := range table[e.Kind] {
			payload, err := json.Marshal(c.payload(e))
			if err != nil {
				return nil, fmt.Errorf("payload of %s: %w", c.job, err)
			}
			due = append(due, store.Job{
				ID: chat.JobID(newID()), Application: e.Application, Kind: c.job, Payload: string(payload), RunAt: e.At.Add(c.after),
			})
		}
		return due, nil
	}
}
