package rtm

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
)

// externalFile reads a file that is elsewhere.
type externalFile struct {
	URL         string `json:"url"`
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	Size        int64  `json:"size"`
}

func (f externalFile) file() chat.File {
	return chat.File{Type: chat.ExternalFile, URL: f.URL, Name: f.Name, ContentType: f.ContentType, Size: f.Size}
}

// of gives the file that a message of a type is to show, nil for a text.
func (f *externalFile) of(kind chat.MessageType) (*chat.File, error) {
	switch {
	case kind == chat.TextMessage:
		return nil, nil //nolint:nilnil // a text has no file
	case kind != chat.FileMessage:
		return nil, chat.Invalidf("type", "must be TEXT or FILE")
	case f == nil:
		return nil, chat.Invalidf("file", "must not be missing")
	}
	file := f.file()
	return &file, nil
}

// updateDisplayPicture takes a picture that is elsewhere. What the SDKs make of
// a browser's own file is {}, which is refused for its lack of a URL.
func updateDisplayPicture(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body externalFile
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	_, err := c.server.Files.SetPicture(ctx, c.doer(r), c.actor.User, body.file())
	return nil, err
}
