package rest

import (
	"encoding/json"
	"net/http"

	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
	"github.com/purrchat/purr/internal/edge/upload"
	"github.com/purrchat/purr/internal/kit/formdata"
)

// serveForm is serve for a request that brings a file: it takes as long as it
// needs.
func (d *door) serveForm(row route, w http.ResponseWriter, r *http.Request) {
	c, err := d.admit(w, r)
	if err == nil {
		err = upload.Limit(w, r, row.files(d))
	}
	var body []byte
	if err == nil {
		body, err = row.handle(c)
	}
	if err != nil {
		httpbase.RefuseHalfWay(w, r, func() { d.refuse(w, r, err) })
		return
	}
	write(w, c.status, c.media, body)
}

// uploadMessage writes a message with the file of a form.
func (d *door) uploadMessage(c *call, in messages.SendInput) ([]byte, error) {
	if err := d.Messages.CheckUpload(c.Context(), c.actor, in); err != nil {
		return nil, err
	}
	f, fields, err := upload.Receive(c.Request, d.Files, c.actor)
	if err != nil {
		return nil, err
	}
	in.File = &f
	in.GroupTag = field(fields, "groupTag")
	in.User.Name = fields["username"]
	if text := fields["properties"]; text != "" {
		in.Properties = json.RawMessage(text)
	}
	sent, err := d.Messages.Send(c.Context(), c.actor, in)
	if err != nil || sent.Repeated {
		d.Files.Discard(c.Context(), f)
	}
	return c.message(sent.Message, err)
}

// field looks a field of a form up in both spellings.
func field(fields map[string]string, name string) string {
	if text, ok := fields[name]; ok {
		return text
	}
	return fields[snakeCase(name)]
}

// updateDisplayPicture takes a picture as a form or as the address of one.
func (d *door) updateDisplayPicture(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	if formdata.Is(c.Request) {
		return d.uploadPicture(c, id)
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	f := o.externalFile()
	if o.err != nil {
		return nil, o.err
	}
	u, err := d.Files.SetPicture(c.Context(), c.actor, id, f)
	return c.user(u, err)
}

func (d *door) uploadPicture(c *call, id chat.UserID) ([]byte, error) {
	if err := d.Files.CheckPicture(c.Context(), c.actor, id); err != nil {
		return nil, err
	}
	f, _, err := upload.Receive(c.Request, d.Files, c.actor)
	if err != nil {
		return nil, err
	}
	u, err := d.Files.SetPicture(c.Context(), c.actor, id, f)
	if err != nil {
		d.Files.Discard(c.Context(), f)
	}
	return c.user(u, err)
}

// requiredFile reads a member that is a file somewhere else.
func (o *object) requiredFile(name string) *chat.File {
	child := o.object(name)
	if child == nil {
		o.fail(name, "must not be missing")
		return nil
	}
	f := child.externalFile()
	o.join(child)
	return &f
}

// externalFile reads the object itself as a file somewhere else.
func (o *object) externalFile() chat.File {
	return chat.File{
		Type: chat.ExternalFile, URL: o.requiredText("url"), Name: o.requiredText("name"),
		ContentType: o.text("contentType"), Size: o.requiredSize("size"),
	}
}

// requiredSize reads a number of bytes that must be there.
func (o *object) requiredSize(name string) (size int64) {
	value := o.raw(name)
	if value == nil || json.Unmarshal(value, &size) != nil {
		o.fail(name, "must be a whole number of bytes")
	}
	return size
}
