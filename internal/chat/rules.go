package chat

// Who may do what in a channel is one table, rights. The deeds ask it by
// [CheckRight], the links of a channel follow it by [View.Offers] and
// [ChannelType.Offers], and docs/permissions.md is made from it. It is pure: a
// deed loads what it needs to know the actor's role, inside its transaction,
// and asks.

// Role is what somebody is to a channel of his application. To those of another
// application he is nothing: they do not exist for him.
type Role uint8

// The roles.
const (
	// RoleApplication is the application itself, through the Platform API.
	RoleApplication Role = iota
	// RoleStranger is a user who is no member.
	RoleStranger
	// RoleBlocked is a user who is blocked in the channel, and so no member.
	RoleBlocked
	// RoleMember is a member without an office.
	RoleMember
	// RoleModerator is a member who moderates.
	RoleModerator
	// RoleCreator is who created the channel, for as long as he is a member.
	RoleCreator
	// Roles is how many there are.
	Roles
)

// String names the role.
func (r Role) String() string {
	return [Roles]string{"application", "stranger", "blocked", "member", "moderator", "creator"}[r]
}

// Operation is something to be done in a channel. Where it matters whose
// message or which user it is about, there are two operations.
type Operation uint8

// The operations; rights says what they are.
const (
	OpSee Operation = iota
	OpRead
	OpReadBlocks
	OpListen
	OpJoin
	OpLeave
	OpInvite
	OpInviteBlocked
	OpRemoveMember
	OpRemoveCreator
	OpSetModerator
	OpDismissCreator
	OpBlock
	OpBlockCreator
	OpUpdate
	OpDelete
	OpMute
	OpHide
	OpClearHistory
	OpMarkRead
	OpPost
	OpPostToBlocked
	OpType
	OpReact
	OpChangeOwnMessage
	OpEditMessage
	OpSetMessageProperties
	OpDeleteMessage
	OpDeleteForMe
	OpReport
	OpReadReports
	// Operations is how many there are.
	Operations
)

// right is a row of the table: a letter for each role, in the order of the
// roles, in channels of each type. verdict explains the letters.
type right struct {
	public, private, direct string
	what                    string
}

// rights is the table. In direct channels nobody is blocked and nobody
// moderates.
var rights = [Operations]right{ //nolint:gochecknoglobals // a constant table
	OpSee:                  {"++++++", "+..+++", "+.-+-+", "See that the channel is there"},
	OpRead:                 {"++b+++", "+..+++", "+.-+-+", "Read its messages, threads, members, moderators and receipts"},
	OpReadBlocks:           {"+mm+++", "+..+++", "+.-+-+", "Read who is blocked in it"},
	OpListen:               {"fmm+++", "f..+++", "f.-+-+", "Listen to its topics, as in a chat session"},
	OpJoin:                 {"f+b===", "f..===", "f.-=-=", "Join"},
	OpLeave:                {"fmm+++", "f..+++", "f.-d-d", "Leave"},
	OpInvite:               {"+mm+++", "+..+++", "i.-i-i", "Invite or add a user"},
	OpInviteBlocked:        {"bmmbbb", "b..bbb", "i.-i-i", "Invite or add a user who is blocked in it"},
	OpRemoveMember:         {"+ooo++", "+..o++", "d.-d-d", "Remove a member, moderators included"},
	OpRemoveCreator:        {"+oooc+", "+..oc+", "d.-d-d", "Remove the creator"},
	OpSetModerator:         {"+ooo++", "+..o++", "g.-g-g", "Appoint a moderator, or dismiss him"},
	OpDismissCreator:       {"+oooc+", "+..oc+", "g.-g-g", "Dismiss the creator as a moderator"},
	OpBlock:                {"+ooo++", "+..o++", "d.-d-d", "Block a user in it, moderators included, or end his block"},
	OpBlockCreator:         {"+ooocc", "+..occ", "d.-d-d", "Block the creator in it"},
	OpUpdate:               {"+ooo++", "+..o++", "+.-o-+", "Change its display name and properties"},
	OpDelete:               {"+ooo++", "+..o++", "+.-o-+", "Delete it"},
	OpMute:                 {"fmm+++", "f..+++", "f.-+-+", "Mute it for oneself"},
	OpHide:                 {"hhhhhh", "h..hhh", "f.-+-+", "Hide it for oneself"},
	OpClearHistory:         {"fmm+++", "f..+++", "f.-+-+", "Clear its history for oneself"},
	OpMarkRead:             {"fmm+++", "f..+++", "f.-+-+", "Mark it, or a message, as read or unread"},
	OpPost:                 {"+mm+++", "+..+++", "+.-+-+", "Write messages and replies, open threads, trigger events"},
	OpPostToBlocked:        {"+mm+++", "+..+++", "+.-u-u", "Write where a member and the author have blocked each other"},
	OpType:                 {"+mm+++", "+..+++", "+.-+-+", "Show what one types"},
	OpReact:                {"fmm+++", "f..+++", "f.-+-+", "React to a message, or withdraw that"},
	OpChangeOwnMessage:     {"+mm+++", "+..+++", "+.-+-+", "Edit or delete one's own message, or change its properties"},
	OpEditMessage:          {"+mmaaa", "+..aaa", "+.-a-a", "Edit another's message"},
	OpSetMessageProperties: {"+mma++", "+..a++", "+.-a-a", "Change the properties of another's message"},
	OpDeleteMessage:        {"+mma++", "+..a++", "+.-a-a", "Delete another's message"},
	OpDeleteForMe:          {"f+b+++", "f..+++", "f.-+-+", "Delete a message for oneself"},
	OpReport:               {"f+b+++", "f..+++", "f.-+-+", "Report a message"},
	OpReadReports:          {"+ooo++", "+..o++", "+.-o-o", "Read the reports of messages"},
}

// The letters that refuse nothing.
const (
	allowed = '+'
	// already stands for what is so already: doing it again changes nothing.
	already = '='
)

// String describes the operation in a few words.
func (o Operation) String() string { return rights[o].what }

// verdict is the letter of one cell of the table.
func verdict(o Operation, t ChannelType, r Role) byte {
	switch row := &rights[o]; t {
	case Public:
		return row.public[r]
	case Private:
		return row.private[r]
	case Direct:
		return row.direct[r]
	}
	return 'f'
}

// CheckRight refuses an operation to a role in channels of a type. What somebody
// must not even know of does not exist: the refusal is ErrUnknownChannel, to be
// replaced where the caller named something else in the channel.
func CheckRight(o Operation, t ChannelType, r Role) error {
	if e := refusal(verdict(o, t, r)); e != nil {
		return e
	}
	return nil
}

// Distinguishes tells whether an operation is not the same to two roles.
func (o Operation) Distinguishes(t ChannelType, a, b Role) bool {
	return verdict(o, t, a) != verdict(o, t, b)
}

// Offers tells whether anybody but the application may do an operation in
// channels of the type.
func (t ChannelType) Offers(o Operation) bool {
	for r := RoleStranger; r < Roles; r++ {
		if verdict(o, t, r) == allowed {
			return true
		}
	}
	return false
}

// Offers tells whether the viewer of a channel may do what would change
// something. It is for operations that are the same to all members, since a view
// says no more of its viewer.
func (v *View) Offers(o Operation) bool {
	r := RoleStranger
	switch {
	case v.Member:
		r = RoleMember
	case v.Blocked:
		r = RoleBlocked
	}
	return verdict(o, v.Channel.Type, r) == allowed
}

// CreatedBy tells whether a user created the channel.
func (c *Channel) CreatedBy(u UserID) bool { return c.Creator != nil && c.Creator.ID == u }

// WrittenBy tells whether a user is the author of the message.
func (m *Message) WrittenBy(u UserID) bool { return m.User != nil && m.User.ID == u }

// What the table and the rules about users refuse with.
var (
	// ErrBlockedInChannel refuses to let somebody into a channel he is blocked
	// in, and to let him read it.
	ErrBlockedInChannel = &Error{Forbidden, "BlockedInChannelError", "The user is blocked in this channel.", ""}
	// ErrUserBlocked refuses what would connect two users one of whom has
	// blocked the other. It does not say who has.
	ErrUserBlocked = &Error{Forbidden, "UserBlockedError", "One of the users has blocked the other.", ""}

	errNotAModerator = &Error{Forbidden, "NotAChannelModeratorError", "Only the creator and the moderators of the channel may do this.", ""}
	errNotAuthor     = &Error{Forbidden, "NotMessageAuthorError", "Only the author of the message may do this.", ""}
	errCreator       = &Error{Forbidden, "ChannelCreatorError", "The creator of a channel cannot be removed from it, blocked in it or dismissed.", "user"}
	errFixedMembers  = &Error{Invalid, "DirectChannelMembersError", "The members of a direct channel are fixed.", ""}
	errNotInvitable  = &Error{Invalid, "ChannelNotInvitableError", "Nobody can be invited into a direct channel.", ""}
	errNoModerators  = &Error{Invalid, "CannotAddModeratorToChannel", "A direct channel has no moderators.", ""}
	errNotHideable   = &Error{Invalid, "ChannelNotHideableError", "Only direct channels can be hidden.", ""}
)

// refusal explains a letter of the tables: nil where it allows. What is not
// explained is forbidden.
func refusal(letter byte) *Error {
	switch letter {
	case allowed, already:
		return nil
	case '.':
		return ErrUnknownChannel
	case 'm':
		return ErrNotAMember
	case 'b':
		return ErrBlockedInChannel
	case 'o':
		return errNotAModerator
	case 'a':
		return errNotAuthor
	case 'c':
		return errCreator
	case 'd':
		return errFixedMembers
	case 'i':
		return errNotInvitable
	case 'g':
		return errNoModerators
	case 'h':
		return errNotHideable
	case 'u':
		return ErrUserBlocked
	}
	return ErrForbidden
}
