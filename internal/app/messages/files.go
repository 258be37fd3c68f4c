package messages

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// CheckUpload refuses a file message before its bytes come, where Send would
// refuse it afterwards. The file itself is not looked at.
func (ms *Messages) CheckUpload(ctx context.Context, actor chat.Actor, in SendInput) error {
	return ms.DB.View(ctx, func(tx *store.Tx) error {
		_, err := in.author(tx, actor)
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

// ListOfType is List of the texts (TEXT) or of the files (FILE) alone, whoever
// said them.
func (ms *Messages) ListOfType(ctx context.Context, actor chat.Actor, channel chat.ChannelID, kind chat.MessageType, c chat.Cursor) (p chat.CursorPage[chat.Message], err error) {
	if kind != chat.TextMessage && kind != chat.FileMessage {
		return p, chat.Invalidf("type", "must be TEXT or FILE")
	}
	files := kind == chat.FileMessage
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := channels.Seen(tx, actor, channel); err != nil {
			return err
		}
		p, err = pageBy(c,
			func(from, before chat.Seq, limit int) ([]chat.Message, error) {
				return tx.ChannelMessagesWithFile(channel, files, from, before, limit)
			},
			func() (chat.Seq, error) { return tx.NewestSeqWithFile(channel, files) })
		return err
	})
	return p, err
}
