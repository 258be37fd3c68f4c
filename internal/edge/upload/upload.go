// Package upload takes files in for every door that they come through as a form.
package upload

import (
	"errors"
	"io"
	"net/http"

	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
	"github.com/purrchat/purr/internal/kit/formdata"
)

const (
	// part is the part of a form that holds the file.
	part = "file"
	// formSize is what a form may hold besides the file.
	formSize = 1 << 20
)

// Limit bounds a request that brings a file. It refuses one that says itself
// that it is too large; later calls read it.
func Limit(w http.ResponseWriter, r *http.Request, fs *files.Files) error {
	limit := fs.MaxSize + formSize
	if r.ContentLength > limit {
		return chat.ErrFileTooLarge
	}
	httpbase.LimitUpload(w, r, limit)
	return nil
}

// Receive takes the file of a form in, and gives it with the other fields. The
// file is then to be kept or discarded, unless there is an error.
func Receive(r *http.Request, fs *files.Files, actor chat.Actor) (f chat.File, fields map[string]string, err error) {
	taken := false
	fields, err = formdata.Read(r, part, func(in formdata.File) (err error) {
		f, err = fs.Upload(r.Context(), actor, files.UploadInput{Name: in.Name, ContentType: in.ContentType, Bytes: in.Bytes})
		taken = err == nil
		return err
	})
	if err != nil && taken {
		fs.Discard(r.Context(), f)
	}
	return f, fields, shown(err)
}

// shown gives what is wrong with a form its words.
func shown(err error) error {
	var known *chat.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case httpbase.TooLarge(err):
		return chat.ErrFileTooLarge
	case errors.Is(err, formdata.ErrNoFile):
		return chat.ErrNoFile
	case errors.Is(err, formdata.ErrTwoFiles):
		return chat.Invalidf(part, "must be there once")
	case errors.Is(err, formdata.ErrTooManyFields), errors.Is(err, formdata.ErrFieldTooLarge):
		return &chat.Error{Code: chat.TooLarge, Reason: "RequestTooLargeError", Message: "The fields beside the file are too large."}
	case errors.Is(err, formdata.ErrNoForm), errors.Is(err, io.ErrUnexpectedEOF):
		return chat.Invalidf("", "the body of the request must be a whole multipart form")
	default:
		return err
	}
}
