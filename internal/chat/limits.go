package chat

import "unicode/utf8"

// Limits of what is kept. Texts are measured in bytes of UTF-8.
const (
	// MaxUsername and MaxChannelName bound unique names.
	MaxUsername    = 1024
	MaxChannelName = 1024
	// MaxDisplayName bounds what people see.
	MaxDisplayName = 1024
	// MaxBody bounds the text of a message.
	MaxBody = 128 << 10
	// MaxGroupTag bounds a message's group tag.
	MaxGroupTag = 1024
	// MaxProperties bounds the caller's own data on one resource.
	MaxProperties = 64 << 10
	// MaxDirectMembers bounds a direct channel, its creator included.
	MaxDirectMembers = 10
	// MaxInitialMembers bounds how many members one creation may name.
	MaxInitialMembers = 1000
	// MaxPageSize bounds a page of any list; DefaultPageSize is what an
	// unspecified size means.
	MaxPageSize     = 1000
	DefaultPageSize = 25
	// MaxKeys bounds what is passed on of a text that is being typed.
	MaxKeys = 8 << 10
	// MaxSecretName and MaxSecret bound a user's secret; the latter as JSON.
	MaxSecretName = 1024
	MaxSecret     = 64 << 10
	// MaxRequest bounds a receipt or an idempotency key.
	MaxRequest = 255
)

// CheckText refuses a required text that is empty, too long, or not valid
// UTF-8 without NUL (which PostgreSQL cannot store).
func CheckText(field, s string, limit int) error {
	if s == "" {
		return Invalidf(field, "must not be empty")
	}
	return CheckOptionalText(field, s, limit)
}

// CheckOptionalText is CheckText for a text that may be empty.
func CheckOptionalText(field, s string, limit int) error {
	if len(s) > limit {
		return Invalidf(field, "must not exceed %d bytes", limit)
	}
	if !utf8.ValidString(s) {
		return Invalidf(field, "must be valid UTF-8")
	}
	for i := range len(s) {
		if s[i] == 0 {
			return Invalidf(field, "must not contain the NUL character")
		}
	}
	return nil
}
