package files

import (
	"encoding/json"
	"net/http"

	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	form "github.com/purrchat/purr/internal/edge/upload"
)

// upload is a request that was let in.
type upload struct {
	*http.Request
	actor chat.Actor
	id    int64
}

// receive takes the file of the form in.
func (d *door) receive(u *upload) (f chat.File, fields map[string]string, err error) {
	return form.Receive(u.Request, d.Files, u.actor)
}

// uploadMessage makes a message in a channel of a file.
func uploadMessage(d *door, u *upload) ([]byte, error) {
	return d.uploadInto(u, messages.SendInput{Channel: chat.ChannelID(u.id)})
}

// uploadReply makes a reply of a file.
func uploadReply(d *door, u *upload) ([]byte, error) {
	return d.uploadInto(u, messages.SendInput{Parent: chat.MessageID(u.id)})
}

// uploadIntoThread sends a file into a thread.
func uploadIntoThread(d *door, u *upload) ([]byte, error) {
	return d.uploadInto(u, messages.SendInput{Thread: chat.ThreadID(u.id)})
}

func (d *door) uploadInto(u *upload, in messages.SendInput) ([]byte, error) {
	if err := d.Messages.CheckUpload(u.Context(), u.actor, in); err != nil {
		return nil, err
	}
	f, fields, err := d.receive(u)
	if err != nil {
		return nil, err
	}
	in.File = &f
	if in.GroupTag, in.Properties, err = decorations(fields); err != nil {
		d.Files.Discard(u.Context(), f)
		return nil, err
	}
	sent, err := d.Messages.Send(u.Context(), u.actor, in)
	if err != nil {
		d.Files.Discard(u.Context(), f)
		return nil, err
	}
	return d.style.Message(nil, &sent.Message), nil
}

// decorations reads the fields that may come with a message's file, each the
// JSON of its value.
func decorations(fields map[string]string) (groupTag string, properties json.RawMessage, err error) {
	if text := fields["groupTag"]; text != "" {
		if json.Unmarshal([]byte(text), &groupTag) != nil {
			return "", nil, chat.Invalidf("groupTag", "must be a JSON string")
		}
	}
	if text := fields["properties"]; text != "" {
		if !json.Valid([]byte(text)) {
			return "", nil, chat.Invalidf("properties", "must be a JSON object")
		}
		properties = json.RawMessage(text)
	}
	return groupTag, properties, nil
}

// uploadPicture makes a file the display picture of whoever uploads it.
func uploadPicture(d *door, u *upload) ([]byte, error) {
	f, _, err := d.receive(u)
	if err != nil {
		return nil, err
	}
	user, err := d.Files.SetPicture(u.Context(), u.actor, u.actor.User, f)
	if err != nil {
		d.Files.Discard(u.Context(), f)
		return nil, err
	}
	return d.style.CurrentUser(nil, &user), nil
}
