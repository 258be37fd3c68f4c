package openapi

// notifications are what a user is told of.
func notifications() map[string]schema {
	kinds := map[string]string{}
	all := map[string]schema{
		"NotificationResource": linked(object(
			must("id", id(), "Unique among what one user is told of."), must("title", text()), must("body", text(), "The text of the message, or a fixed one for a file."),
			must("channel", ref("ChannelProperties"), "Where it happened."), must("data", ref("NotificationData")),
			must("muted", truth(), "Whether the user had muted the channel."), must("createdTime", instant()), may("readTime", instant(), "When it was read, mostly with its message."),
		), "recipient", "application"),
	}
	for kind, of := range map[string]struct {
		name string
		more []member
	}{
		"SYSTEM:SENT:MESSAGE":     {"ApplicationSentSystemMessageNotificationData", nil},
		"USER:SENT:MESSAGE":       {"ChatUserSentChatUserMessageNotificationData", nil},
		"USER:REPLIED_TO:MESSAGE": {"ChatUserRepliedToChatUserMessageNotificationData", []member{must("parent", ref("MessageResource"))}},
		"USER:MENTIONED:USER":     {"ChatUserMentionedChatUserNotificationData", []member{must("mentionedUser", ref("ChatUserResource"))}},
		"USER:MENTIONED:CHANNEL":  {"ChatUserMentionedChannelNotificationData", []member{must("mentionedChannel", ref("ChannelResource"))}},
	} {
		kinds[kind] = of.name
		all[of.name] = object(append(of.more, must("type", word(kind)), must("channelId", id()), must("message", ref("MessageResource")), may("_relays", free()))...)
	}
	all["NotificationData"] = oneOf(kinds)
	return all
}
