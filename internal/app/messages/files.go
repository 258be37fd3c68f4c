package messages

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// CheckUpload refuses a file message before its bytes come, where Send would
// refuse it afterwards. The file itself is not looked at.
func (ms *Messages) CheckUpload(ctx context.Context, actor chat.Actor, in SendInput) error {
	return ms.DB.View(ctx, func(tx *store.Tx) error {
		var m chat.Message
		_, err := in.placed(tx, actor, &m)
		return err
	})
}

// checkFile completes and checks the file that a message is to show.
func checkFile(f chat.File) (*chat.File, error) {
	if f.Type == chat.HostedFile {
		return &f, nil // it has been taken in; keepFile sees to the rest
	}
	f, err := chat.CheckExternal("file.", f)
	return &f, err
}

// keepFile makes the uploaded file of a message its own.
func keepFile(tx *store.Tx, actor chat.Actor, m chat.Message) error {
	if m.File == nil || m.File.Type != chat.HostedFile {
		return nil
	}
	err := tx.KeepMessageFile(actor, *m.File, m)
	if errors.Is(err, store.ErrNotFound) {
		return chat.ErrUploadLost
	}
	return err
}

// messageType is the type of a message by what it says and who says it.
func messageType(m chat.Message, author *chat.User) chat.MessageType {
	switch {
	case m.File != nil && author == nil:
		return chat.SystemFileMessage
	case m.File != nil:
		return chat.FileMessage
	case author == nil:
		return chat.SystemTextMessage
	default:
		return chat.TextMessage
	}
}
