package chat

import (
	"errors"
	"fmt"
)

// Code is the closed list of what can go wrong, seen by a program. Each door
// has one table from Code to what its protocol says.
type Code string

// The codes.
const (
	// Invalid: the input breaks a rule; the same input will always fail.
	Invalid Code = "invalid"
	// Unauthenticated: the caller did not prove who he is.
	Unauthenticated Code = "unauthenticated"
	// Forbidden: the caller is known and may not do this.
	Forbidden Code = "forbidden"
	// NotFound: no such thing, or it belongs to another application.
	NotFound Code = "not_found"
	// Conflict: somebody else changed or took it in the meantime.
	Conflict Code = "conflict"
	// TooLarge: the input exceeds a limit of size.
	TooLarge Code = "too_large"
	// RateLimited: too many requests; the same one may succeed later.
	RateLimited Code = "rate_limited"
	// Unavailable: a part that is needed is out of reach; try again.
	Unavailable Code = "unavailable"
	// Internal: a fault of ours; its text stays inside.
	Internal Code = "internal"
)

// Error is a refusal that a caller may see. Deeds return it; anything else
// that comes out of a deed is a fault and is shown as Internal.
type Error struct {
	// Code says what kind of refusal it is.
	Code Code
	// Reason is the stable name that clients may compare, such as
	// "ChannelNotFoundError". Published reasons never change.
	Reason string
	// Message explains it to a person, in one sentence.
	Message string
	// Field names the member of the input that is at fault, if one is.
	Field string
}

// Error gives the reason, the field and the message in one line.
func (e *Error) Error() string {
	if e.Field != "" {
		return fmt.Sprintf("%s: %s: %s", e.Reason, e.Field, e.Message)
	}
	return e.Reason + ": " + e.Message
}

// Is lets errors.Is compare by reason, so that the exported values below can
// be used as targets whatever their message says.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Reason == e.Reason
}

// Refusals that stand for one situation wherever it occurs.
var (
	ErrUnknownUser        = &Error{NotFound, "UserNotFoundError", "There is no such user.", ""}
	ErrUnknownChannel     = &Error{NotFound, "ChannelNotFoundError", "There is no such channel.", ""}
	ErrUnknownMessage     = &Error{NotFound, "MessageNotFoundError", "There is no such message.", ""}
	ErrUnknownApplication = &Error{NotFound, "ApplicationNotFoundError", "There is no such application.", ""}
	ErrUnknownResource    = &Error{NotFound, "ResourceNotFoundError", "Resource not found", ""}
	ErrAccessDenied       = &Error{Unauthenticated, "AccessDeniedError", "Access is denied.", ""}
	ErrNotAMember         = &Error{Forbidden, "NotAChannelMemberError", "Only a member of the channel may do this.", ""}
	ErrForbidden          = &Error{Forbidden, "ForbiddenError", "This is not allowed.", ""}
	ErrInvalidClient      = &Error{Unauthenticated, "invalid_client", "The client credentials are wrong.", ""}
	ErrInvalidToken       = &Error{Unauthenticated, "invalid_token", "The access token is unknown, revoked or expired.", ""}
)

// Invalidf makes an Invalid refusal about one member of the input.
func Invalidf(field, format string, args ...any) *Error {
	return &Error{Invalid, "InvalidRequestError", fmt.Sprintf(format, args...), field}
}

// CodeOf tells the code of an error: that of the chat.Error inside it, else
// Internal.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
