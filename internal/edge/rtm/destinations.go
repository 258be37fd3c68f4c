package rtm

import (
	"context"
	"strings"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/realtime"
)

// relay answers a question with a resource, appended to dst.
type relay func(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error)

// action carries out a SEND. The answer is nil where the event that the deed
// wrote completes the action.
type action func(ctx context.Context, c *connection, r *request) (*answer, error)

// relays are what can be asked: SUBSCRIBE /application/v1/{path}.relay.
var relays = map[string]relay{ //nolint:gochecknoglobals // the table of contents
	"user":                                currentUser,
	"users/me":                            currentUser,
	"user.write_file_access_grant":        writeGrant,
	"user.read_file_access_grant":         readGrant,
	"users/me.write_file_access_grant":    writeGrant,
	"users/me.read_file_access_grant":     readGrant,
	"user.channels":                       channelsOfUser,
	"user.joinable_channels":              joinableChannels,
	"user.contacts":                       contacts,
	"user.contacts_count":                 contactsCount,
	"user.channels_count":                 channelsCount,
	"user.unread_channels":                unreadChannels,
	"user.unread_channels_count":          unreadChannelsCount,
	"user.unread_messages_count":          unreadMessagesCount,
	"user.messages":                       messagesOfUser,
	"user.devices":                        devicesOfUser,
	"user.push_preferences":               pushPreferences,
	"user.web_push_key":                   webPushKey,
	"users/{id}":                          userByID,
	"users/{id}.channel_member":           userIsMember,
	"channels/{id}":                       channelByID,
	"channels/{id}.members":               membersOfChannel,
	"channels/{id}.messages":              messagesOfChannel,
	"channels/{id}.last_received_message": lastReceivedMessage,
	"channels/{id}.messages_count":        messagesCount,
	"channels/{id}.unread":                channelIsUnread,
	"channels/{id}.last_read_message":     lastReadMessage,
	"channels/{id}.context":               channelContext,
	"channels/{id}.moderators":            moderatorsOfChannel,
	"channels/{id}.block_records":         blockRecordsOfChannel,
	"user.user_block_list_items":          userBlocks,
	"user.user_blocked_records":           userBlocks,
	"messages/{id}":                       messageByID,
	"messages/{id}.read_receipts":         readReceipts,
	"messages/{id}.channel":               channelOfMessage,
	"messages/{id}.parent":                parentOfMessage,
	"messages/{id}.replies":               repliesToMessage,
	"messages/{id}.replies_count":         repliesCount,
	"messages/{id}.reactions":             reactionsToMessage,
	"messages/{id}.reports":               reportsOfMessage,
	"messages/{id}.report_count":          reportCount,
	"channels/{id}.threads":               threadsOfChannel,
	"threads/{id}":                        threadByID,
	"threads/{id}.channel":                channelOfThread,
	"threads/{id}.message":                messageOfThread,
}

// actions are what can be done: SEND /application/v1/{path}.
var actions = map[string]action{ //nolint:gochecknoglobals // the table of contents
	"user.create_channel":               createChannel,
	"user.update":                       updateUser,
	"users/{id}.delete":                 deleteUser,
	"channels/{id}.join":                joinChannel,
	"channels/{id}.leave":               leaveChannel,
	"channels/{id}.update":              updateChannel,
	"channels/{id}.delete":              deleteChannel,
	"channels/{id}.read":                readChannel,
	"messages/{id}.read":                readMessage,
	"messages/{id}.unread":              unreadMessage,
	"user.update_display_picture":       updateDisplayPicture,
	"messages/{id}.edit":                editMessage,
	"messages/{id}.update_properties":   updateMessageProperties,
	"messages/{id}.delete":              deleteMessage,
	"messages/{id}.delete_for_me":       deleteMessageForMe,
	"messages/{id}.report":              reportMessage,
	"messages/{id}.react":               reactToMessage,
	"messages/{id}.remove_reaction":     removeReaction,
	"channels/{id}.create_thread":       createThread,
	"threads/{id}.read":                 readThread,
	"threads/{id}.keystrokes":           keystrokesInThread,
	"channels/{id}.invite":              inviteUser,
	"channels/{id}.add_moderator":       addModerator,
	"channels/{id}.delete_moderator":    deleteModerator,
	"channels/{id}.block":               blockInChannel,
	"channel_block_records/{id}.delete": unblockInChannel,
	"channels/{id}.mute":                muteChannel,
	"channels/{id}.hide":                hideChannel,
	"channels/{id}.clear_history":       clearHistory,
	"channels/{id}.trigger_event":       triggerEvent,
	"channels/{id}.keystrokes":          typeKeys,
	"users/{id}.block":                  blockUser,
	"user.register_device":              registerDevice,
	"user.update_push_preferences":      updatePushPreferences,
	"devices/{id}.delete":               deleteDevice,
	"user_blocked_records/{id}.delete":  unblockUser,
	"notifications/{id}.read":           readNotification,
}

// pipelined are the actions that a client may send one after the other without
// waiting, so that they share a commit. They are carried out and answered in
// the order in which they came.
var pipelined = map[string]func(ctx context.Context, c *connection, r *request) (wait func() (*answer, error), err error){ //nolint:gochecknoglobals // the table of contents
	"channels/{id}.message": beginMessage,
	"messages/{id}.reply":   beginReply,
	"threads/{id}.message":  beginThreadMessage,
}

// topicNames are what can be listened to: SUBSCRIBE
// /topic/v1/{users|channels}/{id}.{name}.
var topicNames = map[string]realtime.Name{ //nolint:gochecknoglobals // the table of contents
	"self": realtime.Self, "messages": realtime.Messages, "channels": realtime.Channels,
	"notifications": realtime.Notifications, "contacts": realtime.Contacts,
	"participants": realtime.Participants, "users": realtime.Users, "reactions": realtime.Reactions,
	"read_receipts": realtime.ReadReceipts, "threads": realtime.Threads, "calls": realtime.Calls,
	"elements": realtime.Elements, "features": realtime.Features, "styles": realtime.Styles,
	"keystrokes": realtime.Keystrokes, "typing": realtime.Typing, "events": realtime.Events,
	"members": realtime.Members, "moderators": realtime.Moderators, "block_records": realtime.BlockRecords,
}

// request is a parsed destination with the frame it came in.
type request struct {
	// path has {id} in the place of the identifier.
	path string
	id   int64
	// base is the destination up to and including ".relay"; suffix is what
	// follows.
	base, suffix string
	frame        *stomp.Frame
}

// param is a relay parameter: a header that the client has given a value.
func (r *request) param(name string) (string, bool) {
	v, ok := r.frame.HeaderString(name)
	if !ok || absent(v) {
		return "", false
	}
	return v, true
}

const (
	applicationPrefix = "/application/"
	topicPrefix       = "/topic/"
	errorQueue        = "/user/queue/"
	relaySuffix       = ".relay"
)

// version is left out by one SDK generation and meaningless to us.
func withoutVersion(s string) string { return strings.TrimPrefix(s, "v1/") }

// parseRelay reads the destination of a relay.
func parseRelay(destination string, f *stomp.Frame) (*request, bool) {
	path, suffix, ok := strings.Cut(strings.TrimPrefix(destination, applicationPrefix), relaySuffix)
	if !ok {
		return nil, false
	}
	r := &request{base: destination[:len(destination)-len(suffix)], suffix: suffix, frame: f}
	r.path, r.id = splitID(withoutVersion(path))
	return r, true
}

// parseAction reads the destination of an action.
func parseAction(destination string, f *stomp.Frame) (*request, bool) {
	path, ok := strings.CutPrefix(destination, applicationPrefix)
	if !ok {
		return nil, false
	}
	r := &request{frame: f}
	r.path, r.id = splitID(withoutVersion(path))
	return r, true
}

// splitID takes the identifier out of a path such as channels/702.messages.
func splitID(path string) (string, int64) {
	collection, rest, ok := strings.Cut(path, "/")
	if !ok {
		return path, 0
	}
	text, name, named := strings.Cut(rest, ".")
	id, ok := chat.ParseID(text)
	if !ok {
		return path, 0
	}
	if !named {
		return collection + "/{id}", id
	}
	return collection + "/{id}." + name, id
}

// parseTopic reads the destination of a topic.
func parseTopic(destination string) (realtime.Topic, bool) {
	path, ok := strings.CutPrefix(destination, topicPrefix)
	if !ok {
		return realtime.Topic{}, false
	}
	text, id := splitID(withoutVersion(path))
	collection, name, _ := strings.Cut(text, "/{id}.")
	n, known := topicNames[name]
	switch {
	case !known || id == 0:
		return realtime.Topic{}, false
	case collection == "users":
		return realtime.UserTopic(chat.UserID(id), n), true
	case collection == "channels":
		return realtime.ChannelTopic(chat.ChannelID(id), n), true
	}
	return realtime.Topic{}, false
}
