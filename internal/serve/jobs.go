package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/imports"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/jobs"
	"github.com/purrchat/purr/internal/store"
)

// keepEvents is how long the log keeps an event: far longer than a session may
// be resumed.
const keepEvents = 24 * time.Hour

const (
	// removeFilesEvery is how often files go that nothing shows any more.
	removeFilesEvery = time.Minute
	// keepIncomplete is how long a file that is coming in may stand still.
	keepIncomplete = 24 * time.Hour
)

const (
	// longJobs is how many imports and exports run at a time. They all write
	// through one writer, so more would only take turns.
	longJobs = 2
	// longLease is how long one waits that a dead node has left behind.
	longLease = 10 * time.Second
	// longAttempts allows for many restarts, each of which costs an attempt.
	longAttempts = 100
	// previewJobs is how many messages may have their links previewed at a
	// time. They mostly wait for others.
	previewJobs = 8
)

// startJobs starts the durable work and the housekeeping.
func (n *Node) startJobs(ctx context.Context) error {
	n.jobs = jobs.New(jobs.Options{DB: n.db, Log: n.log, Workers: map[string]jobs.Worker{
		channels.PurgeJob: worker(func(ctx context.Context, _ chat.ApplicationID, p channels.Purge) error {
			return n.channels.Purge(ctx, p)
		}),
		accounts.PurgeUserJob: worker(n.accounts.Purge),
	}})
	n.long = jobs.New(jobs.Options{
		DB: n.db, Log: n.log, Lane: imports.Lane, Interrupt: true, Concurrency: longJobs, Lease: longLease,
		Backoff: jobs.Backoff{First: time.Second, Max: time.Minute, Attempts: longAttempts},
		Workers: map[string]jobs.Worker{imports.Kind: worker(n.imports.Run), messages.DeleteAllJob: worker(n.messages.DeleteRest)},
	})
	n.previews = jobs.New(jobs.Options{
		DB: n.db, Log: n.log, Lane: messages.PreviewLane, Interrupt: true, Concurrency: previewJobs,
		Workers: map[string]jobs.Worker{messages.PreviewJob: worker(n.messages.Preview)},
	})
	n.imports.Wake = n.long.Wake
	n.jobs.Every("forget old exports", time.Hour, n.imports.Forget)
	n.jobs.Every("index messages", indexEvery, n.index)
	n.jobs.Every("forget finished jobs", time.Hour, n.jobs.Forget)
	n.jobs.Every("forget expired tokens", time.Hour, n.accounts.ForgetTokens)
	n.jobs.Every("forget old requests", time.Hour, n.accounts.ForgetRequests)
	n.jobs.Every("forget ended sessions", time.Hour, n.accounts.ForgetSessions)
	n.jobs.Every("forget old invocations", time.Hour, n.functions.ForgetInvocations)
	n.jobs.Every("forget old events", 10*time.Minute, func(ctx context.Context) error {
		return n.timeline.Forget(ctx, keepEvents)
	})
	n.jobs.Every("forget answers of push providers", time.Hour, n.push.Forget)
	n.jobs.Every("remove unused files", removeFilesEvery, n.files.Sweep)
	n.jobs.Every("remove incomplete files", time.Hour, func(ctx context.Context) error {
		return n.blobs.Clean(ctx, time.Now().Add(-keepIncomplete))
	})
	if err := n.group.Start(ctx, "jobs", n.jobs.Start, n.jobs.Stop); err != nil {
		return err
	}
	if err := n.group.Start(ctx, "previews", n.previews.Start, n.previews.Stop); err != nil {
		return err
	}
	return n.group.Start(ctx, "long jobs", n.long.Start, n.long.Stop)
}

// linked tells whether one of the events is about a message with links, which
// may have to be previewed.
func linked(events []chat.Event) bool {
	return slices.ContainsFunc(events, func(e chat.Event) bool { return e.Message != nil && len(e.Message.Links) > 0 })
}

// indexEvery is how often messages are looked for that search does not have.
const indexEvery = time.Second

// index indexes what waits, and leaves others four times the time that it takes:
// while users write as fast as they can, it falls behind rather than slow them
// down.
func (n *Node) index(ctx context.Context) error {
	for ctx.Err() == nil {
		begun := time.Now()
		worked, err := n.messages.Index(ctx)
		if err != nil || !worked {
			return err
		}
		pause := time.NewTimer(4 * time.Since(begun))
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
	return nil
}

// worker reads a job's payload for the deed that does the work.
func worker[T any](do func(context.Context, chat.ApplicationID, T) error) jobs.Worker {
	return func(ctx context.Context, j store.Job) error {
		var payload T
		if err := json.Unmarshal([]byte(j.Payload), &payload); err != nil {
			return fmt.Errorf("payload: %w", err)
		}
		return do(ctx, j.Application, payload)
	}
}
