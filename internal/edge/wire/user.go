package wire

import (
	"net/url"
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// User appends a user (client-protocol 5.1, platform-api D.2).
func (s Style) User(dst []byte, u *chat.User) []byte {
	dst = s.userFields(dst, u)
	switch s.Links {
	case HAL:
		dst = s.halLinks(dst, userHAL, int64(u.ID))
	case Client:
		dst = userClient.append(dst, int64(u.ID))
	case NoLinks:
	}
	return append(dst, '}')
}

// CurrentUser appends the user as he sees himself on the client protocol
// (client-protocol 5.2).
func (s Style) CurrentUser(dst []byte, u *chat.User) []byte {
	dst = s.userFields(dst, u)
	dst = currentUserClient.append(dst, int64(u.ID))
	return append(dst, '}')
}

func (s Style) userFields(dst []byte, u *chat.User) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(u.ID), 10)
	dst = append(dst, `,"type":"PERSON","name":`...)
	dst = AppendString(dst, u.Name)
	dst = s.name(dst, displayName)
	dst = AppendString(dst, u.DisplayName)
	dst = s.name(dst, displayPictureURL)
	dst = AppendString(dst, s.picture(u))
	dst = append(dst, `,"isGuest":`...)
	dst = strconv.AppendBool(dst, u.Guest)
	dst = append(dst, `,"presence":{"status":`...)
	dst = AppendString(dst, u.Presence.Shown())
	dst = append(dst, `,"online":`...)
	dst = strconv.AppendBool(dst, u.Presence.Online)
	dst = append(dst, '}')
	dst = s.name(dst, callStatus)
	dst = append(dst, `"AVAILABLE","properties":`...)
	return append(dst, u.Properties.JSON()...)
}

// picture is the URL of the display picture: a generated one until one is set.
func (s Style) picture(u *chat.User) string {
	if u.Picture != "" {
		return s.address(u.Picture)
	}
	name := u.DisplayName
	if name == "." || name == ".." {
		name = " " + name // alone they would be directions in the path
	}
	return s.Base + "/v1/picture/" + url.QueryEscape(name)
}

var (
	userHAL = []hal{
		{"self", "/users/{id}"}, {"channels", "/users/{id}/channels"},
		{"notifications", "/users/{id}/notifications"}, {"displayPicture", "/users/{id}/display-picture"},
	}

	userClient = pieces(`,"_relays":{"self":"/application/v1/users/{id}.relay",` +
		`"channelMember":"/application/v1/users/{id}.channel_member.relay"},` +
		`"_actions":{"block":"/application/v1/users/{id}.block","delete":"/application/v1/users/{id}.delete"}`)

	// The union of what all SDK generations follow. Topics carry the user's
	// id, so that they are stable and can be checked; relays and actions of
	// the current user name none.
	currentUserClient = pieces(`,"_relays":{"self":"/application/v1/user.relay",` +
		`"channelsCount":"/application/v1/user.channels_count.relay",` +
		`"channels":"/application/v1/user.channels.relay.size..sort.",` +
		`"joinableChannels":"/application/v1/user.joinable_channels.relay.size..sort.",` +
		`"unreadChannels":"/application/v1/user.unread_channels.relay.size..sort.",` +
		`"unreadChannelsCount":"/application/v1/user.unread_channels_count.relay",` +
		`"messages":"/application/v1/user.messages.relay.size..sort.",` +
		`"unreadMessagesCount":"/application/v1/user.unread_messages_count.relay",` +
		`"contactsCount":"/application/v1/user.contacts_count.relay",` +
		`"contacts":"/application/v1/user.contacts.relay.size..sort.",` +
		`"userBlockListItems":"/application/v1/user.user_block_list_items.relay.size..sort.",` +
		`"userBlockedRecords":"/application/v1/user.user_blocked_records.relay.size..sort.",` +
		`"writeFileAccessGrant":"/application/v1/user.write_file_access_grant.relay",` +
		`"readFileAccessGrant":"/application/v1/user.read_file_access_grant.relay",` +
		`"devices":"/application/v1/user.devices.relay",` +
		`"pushPreferences":"/application/v1/user.push_preferences.relay",` +
		`"webPushKey":"/application/v1/user.web_push_key.relay",` +
		`"channelMember":"/application/v1/users/{id}.channel_member.relay"},` +
		`"_topics":{"self":"/topic/v1/users/{id}.self",` +
		`"elements":"/topic/v1/users/{id}.elements",` +
		`"features":"/topic/v1/users/{id}.features",` +
		`"styles":"/topic/v1/users/{id}.styles",` +
		`"channels":"/topic/v1/users/{id}.channels",` +
		`"messages":"/topic/v1/users/{id}.messages",` +
		`"readReceipts":"/topic/v1/users/{id}.read_receipts",` +
		`"notifications":"/topic/v1/users/{id}.notifications",` +
		`"contacts":"/topic/v1/users/{id}.contacts",` +
		`"participants":"/topic/v1/users/{id}.participants",` +
		`"users":"/topic/v1/users/{id}.users",` +
		`"reactions":"/topic/v1/users/{id}.reactions",` +
		`"threads":"/topic/v1/users/{id}.threads",` +
		`"calls":"/topic/v1/users/{id}.calls"},` +
		`"_actions":{"update":"/application/v1/user.update",` +
		`"createChannel":"/application/v1/user.create_channel",` +
		`"updateDisplayPicture":"/application/v1/user.update_display_picture",` +
		`"updateMediaSettingsAudioEnabled":"/application/v1/user.update_media_settings_audio_enabled",` +
		`"updateMediaSettingsVideoEnabled":"/application/v1/user.update_media_settings_video_enabled",` +
		`"registerDevice":"/application/v1/user.register_device",` +
		`"updatePushPreferences":"/application/v1/user.update_push_preferences",` +
		`"block":"/application/v1/users/{id}.block",` +
		`"delete":"/application/v1/users/{id}.delete"},` +
		`"_streams":{"displayPicture":"/stream/v1/user.display_picture"}`)
)
