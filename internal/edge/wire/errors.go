package wire

import (
	"net/http"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// AppendError appends an ApiError (platform-api D.9): a name that programs may
// compare, a message for people and, unless empty, the member of the input that
// is at fault. Errors look the same in both spellings.
func AppendError(dst []byte, name, message, field string, at time.Time) []byte {
	dst = append(dst, `{"error":`...)
	dst = AppendString(dst, name)
	dst = append(dst, `,"message":`...)
	dst = AppendString(dst, message)
	if field != "" {
		dst = append(dst, `,"properties":{"field":`...)
		dst = AppendString(dst, field)
		dst = append(dst, '}')
	}
	dst = append(dst, `,"timestamp":`...)
	dst = AppendTime(dst, at)
	return append(dst, '}')
}

// AppendAuthenticationError appends an AuthenticationError (platform-api D.9),
// which is also the error of RFC 6749 section 5.2.
func AppendAuthenticationError(dst []byte, name, description string) []byte {
	dst = append(dst, `{"error":`...)
	dst = AppendString(dst, name)
	dst = append(dst, `,"error_description":`...)
	dst = AppendString(dst, description)
	return append(dst, '}')
}

// HTTPStatus is the table from what went wrong to what HTTP calls it
// (platform-api I). The contract has no 409.
func HTTPStatus(code chat.Code) int {
	switch code {
	case chat.Invalid, chat.Conflict:
		return http.StatusBadRequest
	case chat.Unauthenticated:
		return http.StatusUnauthorized
	case chat.Forbidden:
		return http.StatusForbidden
	case chat.NotFound:
		return http.StatusNotFound
	case chat.TooLarge:
		return http.StatusRequestEntityTooLarge
	case chat.RateLimited:
		return http.StatusTooManyRequests
	case chat.Unavailable:
		return http.StatusServiceUnavailable
	case chat.Internal:
	}
	return http.StatusInternalServerError
}
