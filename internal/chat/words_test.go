package chat_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1": 1, "702": 702, "9007199254740991": 9007199254740991, "9223372036854775807": 9223372036854775807, "007": 7,
		"": 0, "0": 0, "-1": 0, "+1": 0, " 1": 0, "1 ": 0, "1.0": 0, "0x1": 0, "1_0": 0, "x": 0, "١": 0, "9223372036854775808": 0,
	} {
		n, ok := chat.ParseID(text)
		if ok != (want != 0) || (ok && n != want) {
			t.Errorf("%q: %d %v", text, n, ok)
		}
	}
}

func TestDirectKey(t *testing.T) {
	t.Parallel()
	given := []chat.UserID{12, 3, 12, 100}
	if key := chat.DirectKey(given); key != "3,12,100" {
		t.Errorf("key: %s", key)
	}
	if fmt.Sprint(given) != "[12 3 12 100]" {
		t.Errorf("the list was changed: %v", given)
	}
	if chat.DirectKey([]chat.UserID{1, 23}) == chat.DirectKey([]chat.UserID{12, 3}) {
		t.Error("two sets have one key")
	}
}

func TestClampSize(t *testing.T) {
	t.Parallel()
	for given, want := range map[int]int{-1: 25, 0: 25, 1: 1, 25: 25, 1000: 1000, 1001: 1000, 1 << 40: 1000} {
		if got := chat.ClampSize(given); got != want {
			t.Errorf("%d: %d, want %d", given, got, want)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size        int
		total, want int64
	}{{10, 0, 0}, {10, 1, 1}, {10, 10, 1}, {10, 11, 2}, {0, 5, 0}} {
		if got := (chat.Page[int]{Size: c.size, Total: c.total}).Pages(); got != c.want {
			t.Errorf("%d in pages of %d: %d, want %d", c.total, c.size, got, c.want)
		}
	}
}

func TestCheckText(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"x": true, "üü": true, "🐈": true, " ": true,
		"": false, "12345": false, "üüx": false, "a\x00": false, "\xff": false, "\xf0\x9f\x90": false,
	} {
		err := chat.CheckText("name", text, 4)
		if ok != (err == nil) {
			t.Errorf("%q: %v", text, err)
		}
		var e *chat.Error
		if err != nil && (!errors.As(err, &e) || e.Code != chat.Invalid || e.Field != "name") {
			t.Errorf("%q: %#v", text, err)
		}
	}
	if err := chat.CheckOptionalText("name", "", 4); err != nil {
		t.Errorf("an optional text: %v", err)
	}
}

func TestErrorsAreComparedByReason(t *testing.T) {
	t.Parallel()
	other := &chat.Error{Code: chat.NotFound, Reason: chat.ErrUnknownUser.Reason, Message: "Bob is not here."}
	wrapped := fmt.Errorf("find: %w", other)
	if !errors.Is(wrapped, chat.ErrUnknownUser) || errors.Is(wrapped, chat.ErrUnknownChannel) || errors.Is(errors.New("x"), chat.ErrUnknownUser) {
		t.Error("reasons are mixed up")
	}
	if chat.CodeOf(wrapped) != chat.NotFound || chat.CodeOf(errors.New("x")) != chat.Internal {
		t.Error("codes are mixed up")
	}
	if text := chat.Invalidf("size", "must be below %d", 5).Error(); text != "InvalidRequestError: size: must be below 5" {
		t.Error(text)
	}
	if text := chat.ErrUnknownUser.Error(); !strings.HasPrefix(text, "UserNotFoundError: ") {
		t.Error(text)
	}
}

func TestPresenceShown(t *testing.T) {
	t.Parallel()
	for p, want := range map[chat.Presence]string{
		{}: "UNAVAILABLE", {Online: true}: "AVAILABLE", {Status: "AWAY"}: "AWAY", {Online: true, Status: "BUSY"}: "BUSY",
	} {
		if got := p.Shown(); got != want {
			t.Errorf("%+v: %s, want %s", p, got, want)
		}
	}
}
