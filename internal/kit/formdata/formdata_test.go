package formdata_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/kit/formdata"
)

func request(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

func part(disposition, more, content string) string {
	return "--B\r\nContent-Disposition: form-data; " + disposition + "\r\n" + more + "\r\n" + content + "\r\n"
}

func TestRead(t *testing.T) {
	t.Parallel()
	const typed, end = "Content-Type: text/plain\r\n", "--B--\r\n"
	const withBoundary, without = "multipart/form-data; boundary=B", "multipart/form-data"
	whole := part(`name="tag"`, "", "t") + part(`name="file"; filename="a/b.txt"`, typed, "hello") + part(`name="more"`, "", "") + end
	for name, c := range map[string]struct {
		contentType, body string
		want              string // name|type|content|fields
		err               error
	}{
		"fields around":       {withBoundary, whole, "a/b.txt|text/plain|hello|2", nil},
		"no boundary":         {without, whole, "a/b.txt|text/plain|hello|2", nil},
		"other capitals":      {"Multipart/Form-Data; BOUNDARY=B", whole, "a/b.txt|text/plain|hello|2", nil},
		"a plain field":       {withBoundary, part(`name="file"`, "", "hello") + end, "|text/plain; charset=utf-8|hello|0", nil},
		"sniffed":             {withBoundary, part(`name="file"; filename="x"`, "", "\x89PNG\r\n\x1a\n") + end, "x|image/png|\x89PNG\r\n\x1a\n|0", nil},
		"an empty file":       {withBoundary, part(`name="file"; filename="x"`, typed, "") + end, "x|text/plain||0", nil},
		"no file":             {withBoundary, part(`name="tag"`, "", "t") + end, "", formdata.ErrNoFile},
		"two files":           {withBoundary, part(`name="file"`, "", "1") + part(`name="file"`, "", "2") + end, "", formdata.ErrTwoFiles},
		"cut off":             {withBoundary, whole[:len(whole)-len(end)], "", formdata.ErrNoForm},
		"JSON":                {"application/json", "{}", "", formdata.ErrNoForm},
		"nothing":             {withBoundary, "", "", formdata.ErrNoForm},
		"only an end":         {withBoundary, end, "", formdata.ErrNoFile},
		"nothing, unbounded":  {without, "", "", formdata.ErrNoForm},
		"nonsense, unbounded": {without, "hello world", "", formdata.ErrNoForm},
		"long, unbounded":     {without, "--" + strings.Repeat("x", 200) + "\r\n", "", formdata.ErrNoForm},
		"a large field":       {withBoundary, part(`name="tag"`, "", strings.Repeat("x", 1<<20)) + end, "", formdata.ErrFieldTooLarge},
	} {
		var got string
		fields, err := formdata.Read(request(c.contentType, c.body), "file", func(f formdata.File) error {
			content, err := io.ReadAll(f.Bytes)
			got = f.Name + "|" + f.ContentType + "|" + string(content)
			return err
		})
		got += "|" + string(rune('0'+len(fields)))
		switch {
		case c.err != nil && !errors.Is(err, c.err):
			t.Errorf("%s: %v, want %v", name, err, c.err)
		case c.err == nil && (err != nil || got != c.want):
			t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
		}
	}
}

func TestManyFields(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := range 100 {
		_ = form.WriteField(strings.Repeat("x", i+1), "v")
	}
	_ = form.Close()
	_, err := formdata.Read(request(form.FormDataContentType(), body.String()), "file", nil)
	if !errors.Is(err, formdata.ErrTooManyFields) {
		t.Error(err)
	}
}

func TestWhoeverTakesMayRefuse(t *testing.T) {
	t.Parallel()
	refusal := errors.New("no")
	fields, err := formdata.Read(request("multipart/form-data; boundary=B", part(`name="a"`, "", "1")+part(`name="file"`, "", "x")), "file",
		func(formdata.File) error { return refusal })
	if !errors.Is(err, refusal) || !maps.Equal(fields, map[string]string{"a": "1"}) {
		t.Errorf("%v %v", fields, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("multipart/form-data; boundary=B", part(`name="file"; filename="x"`, "", "hello")+"--B--\r\n")
	f.Add("multipart/form-data", part(`name="file"`, "", "hello")+"--B--\r\n")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		taken := 0
		_, err := formdata.Read(request(contentType, body), "file", func(file formdata.File) error {
			taken++
			_, err := io.Copy(io.Discard, file.Bytes)
			return err
		})
		if err == nil && taken != 1 {
			t.Errorf("taken %d times", taken)
		}
	})
}
