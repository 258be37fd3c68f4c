package chat

import "time"

// DeliveryReason says in a word why a user did, or did not, get a message.
type DeliveryReason string

// The reasons. The first that holds is the reason.
const (
	// DeliveryAuthor: he wrote it.
	DeliveryAuthor DeliveryReason = "AUTHOR"
	// DeliveryBlocked: he blocks who wrote it.
	DeliveryBlocked DeliveryReason = "BLOCKED"
	// DeliveryHidden: he deleted it for himself, or cleared it away with the
	// history.
	DeliveryHidden DeliveryReason = "HIDDEN"
	// DeliveryRead: he has read it.
	DeliveryRead DeliveryReason = "READ"
	// DeliveryPushed: a provider took a push that stands for it.
	DeliveryPushed DeliveryReason = "PUSHED"
	// DeliveryPending: a push waits for its turn, for another attempt, or for the
	// end of quiet hours.
	DeliveryPending DeliveryReason = "PENDING"
	// DeliveryFailed: no provider took it.
	DeliveryFailed DeliveryReason = "FAILED"
	// DeliveryNotMember: he is no member of the channel, and it does not mention
	// him.
	DeliveryNotMember DeliveryReason = "NOT_A_MEMBER"
	// DeliveryJoinedLater: he became a member after it.
	DeliveryJoinedLater DeliveryReason = "JOINED_LATER"
	// DeliveryChatting: he had a chat session in the channel, so that it was told
	// to his sessions and not notified.
	DeliveryChatting DeliveryReason = "CHATTING"
	// DeliveryMuted: he was notified, but had muted the channel.
	DeliveryMuted DeliveryReason = "MUTED"
	// DeliveryPreference: he was notified, and wants less pushed of the channel.
	DeliveryPreference DeliveryReason = "PREFERENCE"
	// DeliveryNoDevice: he was notified and has no device.
	DeliveryNoDevice DeliveryReason = "NO_DEVICE"
	// DeliveryNotified: he was notified; of a push nothing is known, or any more.
	DeliveryNotified DeliveryReason = "NOTIFIED"
)

// DeliveryRecord is what became of a message on its way to a user.
type DeliveryRecord struct {
	Message MessageID
	User    UserID
	Reason  DeliveryReason
	// Member, Muted and Push tell how he stands to the channel now, and Blocked
	// that he blocks the author.
	Member, Muted, Blocked bool
	Push                   PushPreference
	// Chatting tells that he had a chat session when it was sent.
	Chatting bool
	// ReadAt is when he read it, zero where he has not.
	ReadAt time.Time
	// Notifications are those that it was to him.
	Notifications []Notification
	// Connections are his sessions at that time that are still known.
	Connections []DeliveryConnection
	// Devices is how many he has. Attempts are the last to push what stands for
	// the message; Waiting are the devices for which a push waits.
	Devices  int
	Attempts []PushAttempt
	Waiting  []DeviceID
}

// DeliveryConnection is what a session got of a message.
type DeliveryConnection struct {
	Session   SessionID
	UserAgent string
	CreatedAt time.Time
	// EndedAt is zero while the session lasts.
	EndedAt time.Time
	// Acknowledged tells that it has acknowledged all that it listens to, this
	// message included, as far as was written down.
	Acknowledged bool
}
