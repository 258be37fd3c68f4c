package imports

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// The elements of a file (platform-api H.1). Members come in either spelling
// (decision D4), and some under an older name (decision D10).

// common is what every element may have. createdTime is ours: the contract
// does not let an import say when something was.
type common struct {
	Key          json.RawMessage `json:"idempotencyKey"`
	KeySnake     json.RawMessage `json:"idempotency_key"`
	ID           json.RawMessage `json:"id"`
	Created      *string         `json:"createdTime"`
	CreatedSnake *string         `json:"created_time"`
}

type userElement struct {
	common

	Name         string          `json:"name"`
	Display      *string         `json:"displayName"`
	DisplaySnake *string         `json:"display_name"`
	Guest        *bool           `json:"guest"`
	IsGuest      *bool           `json:"isGuest"`
	IsGuestSnake *bool           `json:"is_guest"`
	Properties   json.RawMessage `json:"properties"`
	Picture      *fileElement    `json:"displayPicture"`
	PictureSnake *fileElement    `json:"display_picture"`
}

type fileElement struct {
	URL       string  `json:"url"`
	Name      string  `json:"name"`
	Type      *string `json:"contentType"`
	TypeSnake *string `json:"content_type"`
	Size      int64   `json:"size"`
}

type channelElement struct {
	common

	Type         string          `json:"type"`
	Name         string          `json:"name"`
	Display      *string         `json:"displayName"`
	DisplaySnake *string         `json:"display_name"`
	Members      []string        `json:"members"`
	Creator      string          `json:"creator"`
	Properties   json.RawMessage `json:"properties"`
}

type memberElement struct {
	common

	Username string `json:"username"`
}

type messageElement struct {
	common

	Type         string          `json:"type"`
	Channel      *int64          `json:"channelId"`
	ChannelSnake *int64          `json:"channel_id"`
	Body         *string         `json:"body"`
	User         string          `json:"user"`
	Group        *string         `json:"groupTag"`
	GroupSnake   *string         `json:"group_tag"`
	Properties   json.RawMessage `json:"properties"`
}

// item reads an element of a job's file.
func (i *Imports) item(actor chat.Actor, j chat.Job, text []byte) item {
	it := item{weight: 1}
	if !utf8.Valid(text) {
		it.refused = chat.Invalidf("", "must be UTF-8")
		return it
	}
	switch j.Task {
	case chat.ImportUsers:
		it.refused = i.userItem(actor, text, &it)
	case chat.ImportChannels:
		it.refused = i.channelItem(actor, text, &it)
	case chat.ImportMembers:
		it.refused = i.memberItem(actor, j.Channel, text, &it)
	default:
		it.refused = messageItem(actor, text, &it)
	}
	return it
}

func (i *Imports) userItem(actor chat.Actor, text []byte, it *item) error {
	var e userElement
	r := reader{}
	if err := r.decode(text, &e); err != nil {
		return err
	}
	in := accounts.CreateUserInput{
		Name: e.Name, DisplayName: either(&r, "displayName", e.Display, e.DisplaySnake), Properties: e.Properties,
		Guest:     either(&r, "guest", e.Guest, e.IsGuest, e.IsGuestSnake),
		CreatedAt: r.common(e.common, it),
	}
	if in.Name != "" && in.DisplayName == "" && e.Display == nil && e.DisplaySnake == nil {
		r.fail("displayName", "must not be missing")
	}
	picture := e.Picture
	if picture == nil {
		picture = e.PictureSnake
	}
	if picture != nil {
		in.Picture = &chat.File{
			Type: chat.ExternalFile, URL: picture.URL, Name: picture.Name, Size: picture.Size,
			ContentType: either(&r, "displayPicture.contentType", picture.Type, picture.TypeSnake),
		}
	}
	if r.err != nil {
		return r.err
	}
	add, err := i.Accounts.BeginUser(actor, in)
	it.weight = usualWeight
	it.add = func(tx *store.Tx) (bool, error) {
		_, err := add(tx)
		return true, err
	}
	return err
}

func (i *Imports) channelItem(actor chat.Actor, text []byte, it *item) error {
	var e channelElement
	r := reader{}
	if err := r.decode(text, &e); err != nil {
		return err
	}
	in := channels.CreateInput{
		Type: chat.ChannelType(e.Type), Properties: e.Properties, Creator: chat.UserRef{Name: e.Creator},
		CreatedAt: r.common(e.common, it),
	}
	display := either(&r, "displayName", e.Display, e.DisplaySnake)
	if in.Type != chat.Direct {
		in.Name, in.DisplayName = e.Name, display
	}
	for _, name := range e.Members {
		in.Members = append(in.Members, chat.UserRef{Name: name})
	}
	if r.err != nil {
		return r.err
	}
	add, err := i.Channels.BeginChannel(actor, in)
	it.weight = (1 + len(in.Members)) * usualWeight
	it.add = func(tx *store.Tx) (bool, error) {
		made, err := add(tx)
		return !made.Existed, err
	}
	return err
}

func (i *Imports) memberItem(actor chat.Actor, channel chat.ChannelID, text []byte, it *item) error {
	var e memberElement
	r := reader{}
	if err := r.decode(text, &e); err != nil {
		return err
	}
	r.common(e.common, it)
	if e.Username == "" {
		r.fail("username", "must name a user")
	}
	it.weight = usualWeight
	it.add = func(tx *store.Tx) (bool, error) {
		_, isNew, err := i.Channels.AddMemberIn(tx, actor, channel, chat.UserRef{Name: e.Username})
		return isNew, err
	}
	return r.err
}

// usualWeight is how much more work anything else makes than a message.
const usualWeight = 5

func messageItem(actor chat.Actor, text []byte, it *item) error {
	var e messageElement
	r := reader{}
	if err := r.decode(text, &e); err != nil {
		return err
	}
	in := messages.SendInput{
		Channel: chat.ChannelID(either(&r, "channelId", e.Channel, e.ChannelSnake)), User: chat.UserRef{Name: e.User},
		GroupTag: either(&r, "groupTag", e.Group, e.GroupSnake), Properties: e.Properties,
		CreatedAt: r.common(e.common, it),
	}
	switch chat.MessageType(e.Type) {
	case chat.TextMessage: // without a user it is the system's, as in a published sample
	case chat.SystemTextMessage:
		if e.User != "" {
			r.fail("user", "must not be there in a message of the system")
		}
	default:
		r.fail("type", "must be TEXT or SYSTEM_TEXT")
	}
	if in.Channel <= 0 {
		r.fail("channelId", "must be the id of a channel")
	}
	if e.Body == nil {
		r.fail("body", "must not be missing")
	} else {
		in.Body = *e.Body
	}
	if r.err != nil {
		return r.err
	}
	var err error
	it.history, err = messages.CheckHistory(actor, in)
	return err
}

// reader reads an element and keeps the first fault.
type reader struct{ err error }

func (r *reader) fail(field, message string) {
	if r.err == nil {
		r.err = chat.Invalidf(field, "%s", message)
	}
}

// decode reads an element, and names the member whose type is wrong.
func (r *reader) decode(text []byte, into any) error {
	if text[0] != '{' {
		return chat.Invalidf("", "must be a JSON object")
	}
	err := json.Unmarshal(text, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return chat.Invalidf(strings.TrimPrefix(wrong.Field, "common."), "must not be a JSON %s", wrong.Value)
	case err != nil:
		return chat.Invalidf("", "must be valid JSON")
	}
	return nil
}

// either gives the member that is there, of several spellings.
func either[T comparable](r *reader, field string, spellings ...*T) (value T) {
	there := false
	for _, s := range spellings {
		switch {
		case s == nil:
		case there && *s != value:
			r.fail(field, "is there in two spellings with different values")
		default:
			value, there = *s, true
		}
	}
	return value
}

// common reads what every element may have: its key, and when it was made.
func (r *reader) common(c common, it *item) (created time.Time) {
	for _, raw := range []json.RawMessage{c.Key, c.KeySnake, c.ID} {
		if len(raw) == 0 || string(raw) == "null" || it.key != "" {
			continue
		}
		if json.Unmarshal(raw, &it.key) != nil {
			it.key = string(raw) // the older name was used with numbers
		}
	}
	if err := chat.CheckOptionalText("idempotencyKey", it.key, chat.MaxRequest); err != nil {
		it.key = ""
		if r.err == nil {
			r.err = err
		}
	}
	text := either(r, "createdTime", c.Created, c.CreatedSnake)
	if text == "" {
		return created
	}
	created, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.fail("createdTime", "must be a date-time such as 2021-05-05T00:38:24.888Z")
	}
	return created
}
