package harness

import (
	"encoding/json"
	"strings"
	"testing"
)

// A shape finds what is missing, of another type, or spelled otherwise.
func TestShapes(t *testing.T) {
	t.Parallel()
	shape := Shape{"id": AnID, "createdTime": ATime, "isGuest?": AFlag, "user?": Shape{"displayName": AText}, "list?": ListOf{Shape{"type": OneOf{"A"}}}}
	for text, want := range map[string]string{
		`{"id":1,"created_time":"2026-01-02T03:04:05Z"}`:                         "",
		`{"id":1,"created_time":"2026-01-02T03:04:05Z","isGuest":true,"more":1}`: "",
		`{"id":1,"createdTime":"2026-01-02T03:04:05Z"}`:                          ".created_time is missing",
		`{"id":0,"created_time":"2026-01-02T03:04:05Z"}`:                         ".id is no positive integer",
		`{"id":1.5,"created_time":"2026-01-02T03:04:05Z"}`:                       ".id is no positive integer",
		`{"id":1,"created_time":"2026-01-02T03:04:05+01:00"}`:                    ".created_time is no date-time",
		`{"id":1,"created_time":"2026-01-02T03:04:05Z","isGuest":"yes"}`:         ".isGuest is no boolean",
		`{"id":1,"created_time":"2026-01-02T03:04:05Z","user":{}}`:               ".user.display_name is missing",
		`{"id":1,"created_time":"2026-01-02T03:04:05Z","list":[{"type":"B"}]}`:   ".list[0].type is none of [A]",
		`{"id":1,"created_time":"2026-01-02T03:04:05Z","list":{}}`:               ".list is no list",
		`[]`: " is no object",
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join((&PlatformClient{sdk: PlatformNew}).faults("", shape, value), ", "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
