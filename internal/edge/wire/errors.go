package wire

import "time"

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
