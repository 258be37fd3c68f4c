package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
)

// object is a JSON object that a caller sent. Its readers take the camelCase
// name of a member and find it in both spellings (decision D4); members that
// nobody asks for are ignored.
//
// The first fault stays in err, so that a handler reads all members and then
// asks once. Readers return zero values after a fault.
type object struct {
	members map[string]json.RawMessage
	// path leads to the object inside the body, with a dot at its end, for
	// naming what is at fault; empty for the body itself.
	path string
	err  error
}

// readObject reads the body of a request that must have one.
func readObject(c *call) (*object, error) {
	if err := checkBody(c.Header.Get("Content-Type"), jsonBodies()); err != nil {
		return nil, err
	}
	text, err := readAll(c.Request)
	if err != nil {
		return nil, err
	}
	return parseObject(text)
}

// readPatch reads a merge patch. Callers with nothing to change send no body
// or an empty string, which change nothing (decision D23).
func readPatch(c *call) (*object, error) {
	text, err := readAll(c.Request)
	if err != nil {
		return nil, err
	}
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 || string(trimmed) == `""` {
		return &object{}, nil
	}
	if err := checkBody(c.Header.Get("Content-Type"), patchBodies()); err != nil {
		return nil, err
	}
	return parseObject(text)
}

func readAll(r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(r.Body)
	switch {
	case httpbase.TooLarge(err):
		return nil, errTooLarge
	case err != nil:
		return nil, chat.Invalidf("", "the body of the request could not be read to its end")
	}
	return text, nil
}

func parseObject(text []byte) (*object, error) {
	if !utf8.Valid(text) {
		return nil, errUTF8
	}
	o := &object{}
	if err := json.Unmarshal(text, &o.members); err != nil || o.members == nil {
		return nil, chat.Invalidf("", "the body of the request must be a JSON object")
	}
	return o, nil
}

// readList reads the body of a request that must be a JSON array.
func readList(c *call) ([]json.RawMessage, error) {
	if err := checkBody(c.Header.Get("Content-Type"), jsonBodies()); err != nil {
		return nil, err
	}
	text, err := readAll(c.Request)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, errUTF8
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil || list == nil {
		return nil, chat.Invalidf("", "the body of the request must be a JSON array")
	}
	return list, nil
}

// fail notes a fault unless there was one before.
func (o *object) fail(name, message string) {
	if o.err == nil {
		o.err = chat.Invalidf(o.path+name, "%s", message)
	}
}

// raw gives a member as it came, nil where it is absent or null.
func (o *object) raw(name string) json.RawMessage {
	value, ok := o.find(name)
	if !ok || isNull(value) {
		return nil
	}
	return value
}

// find looks a member up in both spellings.
func (o *object) find(name string) (json.RawMessage, bool) {
	camel, ok := o.members[name]
	snake, both := o.members[snakeCase(name)]
	switch {
	case !ok:
		return snake, both
	case both && !bytes.Equal(camel, snake):
		o.fail(name, "is there in two spellings with different values")
	}
	return camel, true
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// snakeCase turns displayName into display_name.
func snakeCase(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// text reads a text, empty where it is absent or null.
func (o *object) text(name string) string {
	value := o.raw(name)
	if value == nil {
		return ""
	}
	return o.parseText(name, value)
}

// requiredText reads a text that must be there, be it empty.
func (o *object) requiredText(name string) string {
	if o.raw(name) == nil {
		o.fail(name, "must not be missing")
	}
	return o.text(name)
}

// newText reads a text of a patch, nil where it stays as it was. Null would
// remove it (RFC 7396), which the texts of this API do not allow.
func (o *object) newText(name string) *string {
	value, ok := o.find(name)
	if !ok {
		return nil
	}
	text := o.parseText(name, value)
	return &text
}

func (o *object) parseText(name string, value json.RawMessage) (text string) {
	if isNull(value) || json.Unmarshal(value, &text) != nil {
		o.fail(name, "must be a string")
		return ""
	}
	if strings.IndexByte(text, 0) >= 0 {
		o.fail(name, "must not contain the NUL character")
	}
	return text
}

// flag reads a boolean, false where it is absent or null.
func (o *object) flag(name string) bool {
	value := o.raw(name)
	if value == nil {
		return false
	}
	return o.parseFlag(name, value)
}

// newFlag reads a boolean of a patch, nil where it stays as it was.
func (o *object) newFlag(name string) *bool {
	value, ok := o.find(name)
	if !ok {
		return nil
	}
	flag := o.parseFlag(name, value)
	return &flag
}

func (o *object) parseFlag(name string, value json.RawMessage) (flag bool) {
	if isNull(value) || json.Unmarshal(value, &flag) != nil {
		o.fail(name, "must be true or false")
	}
	return flag
}

// object reads a member that is an object, nil where it is absent. Its faults
// stay with it until they join those of its parent.
func (o *object) object(name string) *object {
	value, ok := o.find(name)
	if !ok {
		return nil
	}
	return o.parseChild(name, value)
}

func (o *object) parseChild(name string, value json.RawMessage) *object {
	child := &object{path: o.path + name + "."}
	if json.Unmarshal(value, &child.members) != nil || child.members == nil {
		o.fail(name, "must be an object")
	}
	return child
}

// reference reads a member that names a user, zero where it is absent or null.
func (o *object) reference(name string) chat.UserRef {
	value := o.raw(name)
	if value == nil {
		return chat.UserRef{}
	}
	return o.parseReference(name, value)
}

// requiredReference reads a member that has to name a user.
func (o *object) requiredReference(name string) chat.UserRef {
	if o.raw(name) == nil {
		o.fail(name, "must not be missing")
		return chat.UserRef{}
	}
	return o.reference(name)
}

// references reads a member that names several users, none where it is absent
// or null.
func (o *object) references(name string) []chat.UserRef {
	value := o.raw(name)
	if value == nil {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		o.fail(name, "must be a list of users")
		return nil
	}
	refs := make([]chat.UserRef, 0, len(list))
	for _, item := range list {
		refs = append(refs, o.parseReference(name, item))
	}
	return refs
}

func (o *object) parseReference(name string, value json.RawMessage) chat.UserRef {
	child := o.parseChild(name, value)
	ref := child.userRef()
	o.join(child)
	return ref
}

// join takes over the first fault of a child.
func (o *object) join(child *object) {
	if o.err == nil {
		o.err = child.err
	}
}

// userRef reads the object itself as the name of a user, {"id": 1} or
// {"username": "jane"}. Callers also hand over whole users, which have an id.
func (o *object) userRef() (ref chat.UserRef) {
	if id := o.raw("id"); id != nil {
		if json.Unmarshal(id, &ref.ID) != nil || ref.ID <= 0 {
			o.fail("id", "must be a positive integer")
		}
		return ref
	}
	if ref.Name = o.text("username"); ref.Name == "" {
		o.fail("username", "must name a user, unless there is an id")
	}
	return ref
}
