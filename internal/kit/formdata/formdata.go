// Package formdata reads forms that hold one file (multipart/form-data, RFC
// 7578) as a stream: the file is handed on while it comes in and is never held
// in memory, and the other fields, which are few and small, may stand before or
// after it.
//
// It is lenient where clients are careless: a part is the file by its field's
// name alone, with or without a file name, and a boundary that the header lacks
// is taken from the first line of the body.
package formdata

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
)

// Limits of the fields beside the file.
const (
	maxFields = 32
	maxField  = 256 << 10
	// maxBoundary is what RFC 2046 allows, with the dashes before it.
	maxBoundary = 72
	// sniffed is how much of a file is looked at to tell its type.
	sniffed = 512
)

// What is wrong with a form.
var (
	ErrNoForm        = errors.New("formdata: the body is no multipart form")
	ErrNoFile        = errors.New("formdata: the form has no file")
	ErrTwoFiles      = errors.New("formdata: the form has more than one file")
	ErrTooManyFields = errors.New("formdata: the form has too many fields")
	ErrFieldTooLarge = errors.New("formdata: a field of the form is too large")
)

// File is a file on its way in.
type File struct {
	// Name is what its sender calls it, with whatever folders, or empty.
	Name string
	// ContentType is what its sender says it is or, where he says nothing,
	// what its first bytes look like.
	ContentType string
	// Bytes fails with an ErrNoForm where the form is cut off.
	Bytes io.Reader
}

// Is tells whether a request claims to hold a form.
func Is(r *http.Request) bool {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(media), "multipart/form-data")
}

// Read reads a form whose file has the given field name. It calls take once,
// with the file, and gives the other fields when all are read. Where take fails
// it ends with that error. Where the form turns out to be wrong after take has
// returned, it ends with an error too, so whoever takes must be able to let go.
func Read(r *http.Request, field string, take func(File) error) (map[string]string, error) {
	form, err := open(r)
	if err != nil {
		return nil, err
	}
	fields, taken := map[string]string{}, false
	for {
		part, err := form.NextRawPart()
		// Inside another error it stands for a form that was cut off.
		ended := err == io.EOF
		switch {
		case ended && !taken:
			return fields, ErrNoFile
		case ended:
			return fields, nil
		case err != nil:
			return fields, broken(err)
		case part.FormName() != field:
			if err := keep(fields, part); err != nil {
				return fields, err
			}
		case taken:
			return fields, ErrTwoFiles
		default:
			taken = true
			if err := take(file(part)); err != nil {
				return fields, err
			}
		}
	}
}

// open finds the parts of the form.
func open(r *http.Request) (*multipart.Reader, error) {
	if !Is(r) || r.Body == nil {
		return nil, ErrNoForm
	}
	// What is wrong with other parameters is no matter.
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if boundary := params["boundary"]; boundary != "" {
		return multipart.NewReader(r.Body, boundary), nil
	}
	body := bufio.NewReader(r.Body)
	boundary, err := firstLine(body)
	if err != nil {
		return nil, err
	}
	return multipart.NewReader(body, boundary), nil
}

// firstLine takes the boundary from the line that begins the body, and leaves
// that where it is.
func firstLine(body *bufio.Reader) (string, error) {
	start, err := body.Peek(maxBoundary + len("\r\n"))
	if err != nil && !errors.Is(err, io.EOF) {
		return "", broken(err)
	}
	line, _, found := bytes.Cut(start, []byte("\r\n"))
	boundary, dashes := bytes.CutPrefix(line, []byte("--"))
	if !found || !dashes || len(boundary) == 0 {
		return "", ErrNoForm
	}
	return string(boundary), nil
}

func keep(fields map[string]string, part *multipart.Part) error {
	if len(fields) >= maxFields {
		return ErrTooManyFields
	}
	text, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return broken(err)
	}
	if len(text) > maxField {
		return ErrFieldTooLarge
	}
	if name := part.FormName(); name != "" {
		fields[name] = string(text)
	}
	return nil
}

func file(part *multipart.Part) File {
	f := File{Name: fileName(part.Header), ContentType: part.Header.Get("Content-Type"), Bytes: marked{part}}
	if f.ContentType == "" {
		// A part shorter than that, or one that breaks, shows when it is read.
		peeking := bufio.NewReaderSize(f.Bytes, sniffed)
		start, _ := peeking.Peek(sniffed)
		f.ContentType, f.Bytes = http.DetectContentType(start), peeking
	}
	return f
}

// marked marks the errors of its reader as the sender's.
type marked struct{ io.Reader }

func (m marked) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = broken(err)
	}
	return n, err
}

// fileName reads the name as it came, while Part.FileName drops its folders
// with the rules of the machine it runs on.
func fileName(h textproto.MIMEHeader) string {
	_, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filename"]
}

// broken marks an error in the form as one of its sender's, but keeps what the
// body itself failed with.
func broken(err error) error { return fmt.Errorf("%w: %w", ErrNoForm, err) }
