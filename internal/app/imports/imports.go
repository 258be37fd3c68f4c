// Package imports holds the deeds that move much at a time: bringing in users,
// channels, members and messages from a file, and writing messages and users
// out into one. They are carried out by jobs, which their application can watch.
//
//	imports.go   asking for a job and watching it
//	run.go       an import, batch by batch
//	elements.go  what the elements of a file say
//	export.go    an export, page by page
//
// An import reads its file as a stream and writes a batch of elements in each
// transaction, together with how far it has come. So it may be interrupted
// anywhere and goes on where it was, and no element is imported twice. What is
// refused about an element concerns that element alone.
//
// An Imports is safe for concurrent use and keeps nothing besides the store and
// the bytes of files.
package imports

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/kit/jsonarray"
	"github.com/purrchat/purr/internal/store"
)

// Encoder writes resources as the Platform API shows them.
type Encoder interface {
	Message(dst []byte, m *chat.Message) []byte
	User(dst []byte, u *chat.User) []byte
}

// Imports carries out the deeds. All fields must be set.
type Imports struct {
	DB       *store.DB
	IDs      *ident.Generator
	Accounts *accounts.Accounts
	Channels *channels.Channels
	Messages *messages.Messages
	// Files takes in what is imported, and keeps what was exported. Its limit is
	// the greatest import.
	Files *files.Files
	// Encode is how exports are written.
	Encode Encoder
	// Wake is called when there may be a new job.
	Wake func()
}

// Lane and Kind are those of the jobs that do the work; their payload is a Work.
const (
	Lane = store.LongLane
	Kind = "application.job"
)

// Work names the job of an application that is to be done.
type Work struct {
	Job chat.JobID `json:"job"`
}

// Input says what an application wants to have done.
type Input struct {
	Task chat.Task
	// Channel is for ImportMembers.
	Channel chat.ChannelID
	// File is for imports: what was uploaded. Begin keeps it, unless it fails or
	// finds that the request had been made before.
	File chat.File
}

// Check refuses, before its file comes, what Begin would refuse afterwards.
func (i *Imports) Check(ctx context.Context, actor chat.Actor, in Input) error {
	if !actor.IsApplication() {
		return chat.ErrForbidden
	}
	if in.Task != chat.ImportMembers {
		return nil
	}
	return i.Channels.CheckAddMembers(ctx, actor, in.Channel)
}

// Begin starts a job for the application. repeated tells that the same request
// has started it before.
func (i *Imports) Begin(ctx context.Context, actor chat.Actor, in Input) (j chat.Job, repeated bool, err error) {
	if err := i.Check(ctx, actor, in); err != nil {
		return j, false, err
	}
	if !in.Task.IsExport() {
		if err := i.checkArray(ctx, in.File); err != nil {
			return j, false, err
		}
	}
	id := chat.JobID(i.IDs.Next())
	payload, err := json.Marshal(Work{Job: id})
	if err != nil {
		return j, false, err
	}
	err = i.DB.Update(ctx, func(tx *store.Tx) error {
		earlier, err := tx.ClaimRequest(actor, store.JobMaker, int64(id))
		if err != nil {
			return err
		}
		if repeated = earlier != 0; repeated {
			j, err = tx.ApplicationJob(actor.Application, chat.JobID(earlier))
			return store.OrRefuse(err, chat.ErrUnknownJob)
		}
		if !in.Task.IsExport() {
			if err := tx.KeepJobFile(actor, in.File, id); err != nil {
				if errors.Is(err, store.ErrNotFound) {
					err = chat.ErrUploadLost
				}
				return err
			}
		}
		j = chat.Job{ID: id, Application: actor.Application, Task: in.Task, Channel: in.Channel, State: chat.JobPending, CreatedAt: tx.Now}
		if err := tx.InsertApplicationJob(j); err != nil {
			return err
		}
		return tx.InsertJob(store.Job{ID: id, Application: actor.Application, Lane: Lane, Kind: Kind, Payload: string(payload), RunAt: tx.Now})
	})
	if err == nil && !repeated {
		i.Wake()
	}
	return j, repeated, err
}

// checkArray refuses at once what does not even begin like an array. Whatever
// else may be wrong with a file is found on the way.
func (i *Imports) checkArray(ctx context.Context, f chat.File) error {
	source, err := i.Files.Blobs.Open(ctx, f.Key)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // it was only read
	_, err = jsonarray.New(io.LimitReader(source, maxElement), 0).Next()
	var wrong *jsonarray.SyntaxError
	if errors.As(err, &wrong) && wrong.Offset < maxElement { // else only we have ended it
		return chat.Invalidf("file", "must hold a JSON array: %s", wrong)
	}
	return nil
}

// Retrieve finds a job of the application.
func (i *Imports) Retrieve(ctx context.Context, actor chat.Actor, id chat.JobID) (j chat.Job, err error) {
	if !actor.IsApplication() {
		return j, chat.ErrForbidden
	}
	err = i.DB.View(ctx, func(tx *store.Tx) error {
		j, err = tx.ApplicationJob(actor.Application, id)
		return store.OrRefuse(err, chat.ErrUnknownJob)
	})
	if err != nil {
		return j, err
	}
	one := []chat.Job{j}
	err = i.grant(ctx, actor, one)
	return one[0], err
}

// List lists the jobs of the application, oldest first; running keeps those
// that have not ended.
func (i *Imports) List(ctx context.Context, actor chat.Actor, running bool, r chat.PageRequest) (p chat.Page[chat.Job], err error) {
	if !actor.IsApplication() {
		return p, chat.ErrForbidden
	}
	err = i.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.ApplicationJobs(actor.Application, running, r)
		return err
	})
	if err != nil {
		return p, err
	}
	return p, i.grant(ctx, actor, p.Items)
}

// grant lets whoever sees jobs download the files that they have made.
func (i *Imports) grant(ctx context.Context, actor chat.Actor, jobs []chat.Job) error {
	seal, err := i.Accounts.JobFileGrants(ctx, actor.Application)
	if err != nil {
		return err
	}
	for k := range jobs {
		if f := jobs[k].File; f != nil {
			jobs[k].Grant = seal(f.Key)
		}
	}
	return nil
}

// KeepExports is how long the file of an export stays.
const KeepExports = 7 * 24 * time.Hour

// Forget lets go of the files of old exports, and of imports that were given up.
func (i *Imports) Forget(ctx context.Context) error {
	return i.DB.Update(ctx, func(tx *store.Tx) error {
		return tx.ReleaseJobFilesBefore(tx.Now.Add(-KeepExports))
	})
}
