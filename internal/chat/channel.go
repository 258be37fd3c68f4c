package chat

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// ChannelType is one of the three kinds of channel (seed channels.txt).
type ChannelType string

// The channel types.
const (
	// Direct channels have a fixed set of 2 to 10 members and no name.
	Direct ChannelType = "DIRECT"
	// Public channels can be seen and joined by every user.
	Public ChannelType = "PUBLIC"
	// Private channels are joined by being added by a member.
	Private ChannelType = "PRIVATE"
)

// Valid tells whether t is one of the three types.
func (t ChannelType) Valid() bool { return t == Direct || t == Public || t == Private }

// Channel is a conversation.
type Channel struct {
	ID          ChannelID
	Application ApplicationID
	Type        ChannelType
	// Name is unique among the application's public and private channels;
	// empty for direct ones.
	Name        string
	DisplayName string
	// Creator is nil where the Platform API made the channel for nobody.
	Creator    *User
	Properties Properties
	CreatedAt  time.Time
	// Seq is the number of the channel's newest event.
	Seq Seq
	// Members is filled for direct channels only, ordered by user name.
	Members []User
	// LastMessage is the newest message, nil where there is none.
	LastMessage *Message
}

// Member is a user's place in a channel.
type Member struct {
	Channel  ChannelID
	User     UserID
	JoinedAt time.Time
}

// ChannelInvite tells that a user was invited into a channel, which made him a
// member.
type ChannelInvite struct {
	Channel   ChannelID
	User      User
	CreatedAt time.Time
}

// View is a channel as one viewer sees it: his membership decides which links
// he is offered.
type View struct {
	Channel Channel
	// Member tells whether the viewer is a member.
	Member bool
	// Blocked tells whether the viewer is blocked in the channel.
	Blocked bool
}

// ChannelBlock keeps a user out of a channel.
type ChannelBlock struct {
	ID        int64
	Channel   ChannelID
	User      User
	CreatedAt time.Time
}

// UserBlock says that a user wants to hear nothing of another one.
type UserBlock struct {
	User      User
	CreatedAt time.Time
}

// DirectKey names the set of members of a direct channel, whatever their
// order, so that a unique index keeps one channel per set.
func DirectKey(members []UserID) string {
	ids := slices.Clone(members)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = strconv.FormatInt(int64(id), 10)
	}
	return strings.Join(parts, ",")
}
