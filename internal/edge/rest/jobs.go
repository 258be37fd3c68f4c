package rest

import (
	"net/http"

	"github.com/purrchat/purr/internal/app/imports"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/upload"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/kit/formdata"
)

func (d *door) importUsers(c *call) ([]byte, error) {
	return d.importFile(c, imports.Input{Task: chat.ImportUsers})
}

func (d *door) importChannels(c *call) ([]byte, error) {
	return d.importFile(c, imports.Input{Task: chat.ImportChannels})
}

func (d *door) importMessages(c *call) ([]byte, error) {
	return d.importFile(c, imports.Input{Task: chat.ImportMessages})
}

func (d *door) importChannelMembers(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	return d.importFile(c, imports.Input{Task: chat.ImportMembers, Channel: id})
}

// importFile takes a form with the file in and starts its import.
func (d *door) importFile(c *call, in imports.Input) ([]byte, error) {
	if !formdata.Is(c.Request) {
		return nil, errMediaType
	}
	if err := d.Imports.Check(c.Context(), c.actor, in); err != nil {
		return nil, err
	}
	f, _, err := upload.Receive(c.Request, d.Imports.Files, c.actor)
	if err != nil {
		return nil, err
	}
	in.File = f
	j, repeated, err := d.Imports.Begin(c.Context(), c.actor, in)
	if err != nil || repeated {
		d.Imports.Files.Discard(c.Context(), f)
	}
	return c.accepted(j, err)
}

// The exports have no body. What one says it is does not matter: a published
// client announces a form and sends none.

func (d *door) exportMessages(c *call) ([]byte, error) {
	return d.export(c, chat.ExportMessages)
}

func (d *door) exportUsers(c *call) ([]byte, error) {
	return d.export(c, chat.ExportUsers)
}

func (d *door) export(c *call, task chat.Task) ([]byte, error) {
	j, _, err := d.Imports.Begin(c.Context(), c.actor, imports.Input{Task: task})
	return c.accepted(j, err)
}

func (d *door) listJobs(c *call) ([]byte, error) {
	q := readQuery(c)
	running := q.flag("running")
	page := q.page()
	if q.err != nil {
		return nil, q.err
	}
	list, err := d.Imports.List(c.Context(), c.actor, running, page)
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("jobs", "/jobs"), list, c.style.Job), nil
}

func (d *door) retrieveJob(c *call) ([]byte, error) {
	id, err := c.id("id", chat.ErrUnknownJob)
	if err != nil {
		return nil, err
	}
	j, err := d.Imports.Retrieve(c.Context(), c.actor, chat.JobID(id))
	if err != nil {
		return nil, err
	}
	return c.style.Job(nil, &j), nil
}

// accepted is the answer of an operation that goes on in the background.
func (c *call) accepted(j chat.Job, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	c.status = http.StatusAccepted
	return c.style.Job(nil, &j), nil
}
