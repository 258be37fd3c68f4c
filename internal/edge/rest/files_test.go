package rest_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"
)

// form is a multipart form: a file, unless its name is empty, and fields in
// pairs. It gives the body and its type.
func form(t *testing.T, name, contentType, content string, fields ...string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if name != "" {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="file"; filename=%q`, name))
		if contentType != "" {
			h.Set("Content-Type", contentType)
		}
		part, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func (c *client) upload(path string, body, kind string, headers ...string) answer {
	c.t.Helper()
	return c.do("POST", path, body, append([]string{"Content-Type", kind}, headers...)...)
}

func TestExternalFiles(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("alice")
	list := path("/channels/%d/messages", c.createChannel("PUBLIC", "square", alice))
	file := object{"url": "https://files.example/a.png?x=1", "name": "../a.png", "contentType": "image/png", "size": 5}
	for _, user := range []object{nil, {"id": alice}} {
		want := "SYSTEM_FILE"
		message := object{"type": "FILE", "file": file}
		if user != nil {
			message["user"], want = user, "FILE"
		}
		d := c.do("POST", list, message).ok()
		if d.text("type") != want || d.has("body") || d.has("user") != (user != nil) || d.has("links") {
			t.Errorf("%s: %v", want, d.value)
		}
		if d.text("file", "type") != "EXTERNAL" || d.text("file", "url") != file["url"] || d.text("file", "name") != "a.png" ||
			d.text("file", "contentType") != "image/png" || d.number("file", "size") != 5 {
			t.Errorf("file: %v", d.at("file").value)
		}
	}
	snake := object{"url": "http://h/a", "name": "a", "content_type": "text/plain", "size": 0}
	d := c.do("POST", list, object{"type": "FILE", "file": snake}, "Accept", kitty).ok()
	if d.text("file", "content_type") != "text/plain" {
		t.Errorf("in snake_case: %v", d.value)
	}
	if n := len(c.do("GET", list, nil).ok().ids()); n != 3 {
		t.Errorf("%d messages in the history", n)
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("alice")
	list := path("/channels/%d/messages", c.createChannel("PUBLIC", "square", alice))

	body, kind := form(t, `C:\home\a b?.txt`, "text/plain", "hello", "groupTag", "g", "username", "alice", "properties", `{"k":[1]}`)
	d := c.upload(list, body, kind).ok()
	if d.text("type") != "FILE" || d.text("user", "name") != "alice" || d.text("groupTag") != "g" || d.number("properties", "k", 0) != 1 {
		t.Errorf("a file of alice: %v", d.value)
	}
	if d.text("file", "type") != "HOSTED" || d.text("file", "name") != "a b?.txt" || d.text("file", "contentType") != "text/plain" || d.number("file", "size") != 5 {
		t.Errorf("file: %v", d.at("file").value)
	}
	address := d.text("file", "url")
	if !strings.HasPrefix(address, c.url+"/file/v1/") || !strings.HasSuffix(address, "/a%20b%3F.txt") || strings.ContainsAny(address, "?#") {
		t.Errorf("url: %s", address)
	}

	// A client that forgets the boundary, and one that names no type.
	d = c.upload(list, body, "multipart/form-data").ok()
	if d.text("file", "name") != "a b?.txt" {
		t.Errorf("without a boundary: %v", d.value)
	}
	body, kind = form(t, "pixel", "", "\x89PNG\r\n\x1a\n")
	d = c.upload(list, body, kind).ok()
	if d.text("type") != "SYSTEM_FILE" || d.text("file", "contentType") != "image/png" {
		t.Errorf("a system file: %v", d.value)
	}

	// The same request again makes no second message.
	first := c.upload(list, body, kind, "Idempotency-Key", "k").ok().id()
	if again := c.upload(list, body, kind, "Idempotency-Key", "k").ok().id(); again != first {
		t.Errorf("the same request made %d and %d", first, again)
	}
	if n := len(c.do("GET", list, nil).ok().ids()); n != 4 {
		t.Errorf("%d messages in the history", n)
	}
}

func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	c := start(t)
	list := path("/channels/%d/messages", c.createChannel("PUBLIC", "square"))
	refused := func(what string, status int, field, body, kind string) {
		t.Helper()
		if d := c.upload(list, body, kind).refused(status); field != "" && d.text("properties", "field") != field {
			t.Errorf("%s: %v", what, d.value)
		}
	}
	body, kind := form(t, "", "", "", "groupTag", "g")
	refused("no file", 400, "file", body, kind)
	body, kind = form(t, "a", "", "x", "file", "another")
	refused("two files", 400, "file", body, kind)
	body, kind = form(t, "a", "", "x", "properties", "[]")
	refused("properties", 400, "properties", body, kind)
	body, kind = form(t, "a", "", "x", "username", "nobody")
	refused("an unknown user", 404, "", body, kind)
	body, kind = form(t, "a", "", "x")
	refused("half a form", 400, "", body[:len(body)-10], kind)
	refused("no form", 400, "", "hello", "multipart/form-data")
	body, kind = form(t, "a", "", strings.Repeat("x", maxFile+1))
	refused("too large", 413, "file", body, kind)
	body, kind = form(t, "a", "", strings.Repeat("x", maxFile+2<<20))
	refused("much too large", 413, "file", body, kind)
	body, kind = form(t, "a", "", "x")
	c.upload(path("/channels/%d/messages", 1), body, kind).refused(404)
	c.upload("/channels", body, kind).refused(415)
	if n := len(c.do("GET", list, nil).ok().ids()); n != 0 {
		t.Errorf("%d messages were written", n)
	}
	body, kind = form(t, "a", "", strings.Repeat("x", maxFile))
	c.upload(list, body, kind).ok()
}

func TestDisplayPicture(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("alice")
	picture := path("/users/%d/display-picture", alice)
	for _, body := range []object{
		{"url": "https://p.example/1.png", "name": "1.png", "contentType": "image/png", "size": 10},
		{"url": "https://p.example/2.png", "name": "2.png", "content_type": "image/png", "size": 10},
	} {
		if d := c.do("POST", picture, body).ok(); d.text("displayPictureUrl") != body["url"] || d.id() != alice {
			t.Errorf("%v", d.value)
		}
	}
	for body, field := range map[string]string{
		`{}`: "url", `{"name":"x","size":1}`: "url", `{"url":"ftp://h/x","name":"x","size":1}`: "url",
	} {
		if d := c.do("POST", picture, body).refused(400); d.text("properties", "field") != field {
			t.Errorf("%s: %v", body, d.value)
		}
	}
	body, kind := form(t, "me.png", "image/png", "bytes")
	d := c.upload(picture, body, kind).ok()
	if url := d.text("displayPictureUrl"); !strings.HasPrefix(url, c.url+"/file/v1/") || !strings.HasSuffix(url, "/me.png") {
		t.Errorf("hosted: %v", d.value)
	}
	if again := c.do("GET", path("/users/%d", alice), nil).ok(); again.text("displayPictureUrl") != d.text("displayPictureUrl") {
		t.Errorf("afterwards: %v", again.value)
	}
	c.upload(path("/users/%d/display-picture", 1), body, kind).refused(404)
}
