package chat

import (
	"fmt"
	"time"
)

// PushPreference is of which notifications in a channel a user's devices are
// told.
type PushPreference string

// The preferences.
const (
	// PushAll is the standard.
	PushAll PushPreference = "ALL"
	// PushMentions means replies and mentions only.
	PushMentions PushPreference = "MENTIONS"
	PushNone     PushPreference = "NONE"
)

// QuietHours is when a user's devices are left alone: each day from Start up to
// End, in minutes since midnight of his zone. Where End is not after Start they
// last over midnight.
type QuietHours struct {
	Start, End int
	// TimeZone is a name of the IANA time zone database.
	TimeZone string
}

const minutesPerDay = 24 * 60

// ParseClock reads a time of day such as 22:00 as minutes since midnight; -1
// stands for anything else.
func ParseClock(text string) int {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}

// Clock writes minutes since midnight as ParseClock reads them.
func Clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// CheckQuietHours refuses hours that make no sense.
func CheckQuietHours(q QuietHours) error {
	if q.Start < 0 || q.Start >= minutesPerDay {
		return Invalidf("quietHours.start", "must be a time such as 22:00")
	}
	if q.End < 0 || q.End >= minutesPerDay || q.End == q.Start {
		return Invalidf("quietHours.end", "must be a time such as 07:00, and another than the start")
	}
	if _, err := time.LoadLocation(q.TimeZone); err != nil || q.TimeZone == "" || q.TimeZone == "Local" {
		return Invalidf("quietHours.timeZone", "must be a time zone such as Europe/Berlin")
	}
	return nil
}

// EndAfter is when the quiet hours end that a moment is in, zero where it is in
// none. Where clocks are set back or forward, the hours are those that clocks
// show.
func (q QuietHours) EndAfter(now time.Time) time.Time {
	zone, err := time.LoadLocation(q.TimeZone)
	if err != nil {
		return time.Time{}
	}
	local := now.In(zone)
	minute := local.Hour()*60 + local.Minute()
	overnight := q.End <= q.Start
	days := 0
	switch {
	case !overnight && (minute < q.Start || minute >= q.End), overnight && minute < q.Start && minute >= q.End:
		return time.Time{}
	case overnight && minute >= q.Start:
		days = 1
	}
	return time.Date(local.Year(), local.Month(), local.Day()+days, q.End/60, q.End%60, 0, 0, zone).UTC()
}

// PushPreferences are what a user has decided about his devices.
type PushPreferences struct {
	// Quiet is nil where he has no quiet hours.
	Quiet *QuietHours
	// Channels are those with another preference than PushAll, by identifier.
	Channels []ChannelPreference
}

// ChannelPreference is what a user has decided about one channel.
type ChannelPreference struct {
	Channel ChannelID
	Push    PushPreference
}

// CheckPushPreference refuses what is none.
func CheckPushPreference(field string, p PushPreference) error {
	if p != PushAll && p != PushMentions && p != PushNone {
		return Invalidf(field, "must be %s, %s or %s", PushAll, PushMentions, PushNone)
	}
	return nil
}

// PushCredentials are what a provider knows an application by, but for the
// secret that proves it, which is never shown again.
type PushCredentials struct {
	Kind DeviceKind
	// PublicKey is what browsers subscribe with, and Subject how whoever runs
	// a push service reaches whoever uses it: a mailto: or https: address
	// (RFC 8292).
	PublicKey, Subject string
	// ProjectID, ClientEmail and KeyID are those of a service account of
	// Firebase; KeyID and TeamID are those of a key of Apple.
	ProjectID, ClientEmail, KeyID, TeamID string
	// URL is where the application's webhook is.
	URL       string
	CreatedAt time.Time
}

// ErrNoCredentials says that the application has no credentials for a kind of
// device.
var ErrNoCredentials = &Error{NotFound, "PushCredentialsNotFoundError", "The application has no such credentials.", ""}

// PushOutcome is what came of an attempt to push.
type PushOutcome string

// The outcomes.
const (
	// PushAccepted: the provider has taken it.
	PushAccepted PushOutcome = "ACCEPTED"
	// PushDelayed: it will be tried again.
	PushDelayed PushOutcome = "DELAYED"
	// PushExpired: the provider does not know the device any more, nor do we.
	PushExpired PushOutcome = "EXPIRED"
	// PushRefused: trying it again would not help.
	PushRefused PushOutcome = "REFUSED"
	// PushGivenUp: it was tried often enough, or for long enough.
	PushGivenUp PushOutcome = "GIVEN_UP"
)

// MaxPushAnswer bounds what is kept of an answer, in bytes.
const MaxPushAnswer = 2048

// PushAttempt is an attempt to push to a device.
type PushAttempt struct {
	ID          int64
	Application ApplicationID
	User        UserID
	Device      DeviceID
	Kind        DeviceKind
	// Channel is zero for a test.
	Channel ChannelID
	// Notification is what it told of. It stood for the messages from First to
	// Last of the channel.
	Notification NotificationID
	First, Last  MessageID
	Outcome      PushOutcome
	// Status is what the provider answered over HTTP, zero where it did not, and
	// Answer the body of its answer, or why there is none.
	Status    int
	Answer    string
	CreatedAt time.Time
}
