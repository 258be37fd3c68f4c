package openapi

// schemas are the resources and bodies of the Platform API, under the names of
// the published contract. A …Properties is a …Resource inside another one,
// where it has no links.
func schemas() map[string]schema {
	all := map[string]schema{}
	for _, group := range []map[string]schema{
		common(), applications(), users(), sessions(), channels(), memberships(), messages(), notifications(), jobs(), functions(), push(),
	} {
		for name, s := range group {
			all[name] = s
		}
	}
	return all
}

func common() map[string]schema {
	return map[string]schema{
		"Link": object(must("href", address())),
		"ApiError": object(
			must("error", text(), "A stable name to tell errors apart by."),
			must("message", text(), "What is wrong, for people."),
			must("timestamp", instant()),
			may("explanation", text()),
			may("properties", free()),
		),
		"AuthenticationError": object(must("error", text()), must("error_description", text())),
		"PageMetadata": object(
			must("number", number(), "Of this page, from 0."), must("size", number()),
			must("totalElements", number()), must("totalPages", number()),
		),
		"CursorPageMetadata": object(
			must("size", number()), may("start", text(), "The cursor of the page's first item."),
			may("next", text(), "The cursor of the first item of the next page."),
			may("total", number(), "How many items there are on all pages; only in application/vnd.chatkitty+json."),
		),
		"CountResource": object(must("count", number())),
		"TokenResource": object(
			must("access_token", text()), must("token_type", text()),
			must("expires_in", number(), "Seconds."), may("scope", text()),
		),
	}
}

func applications() map[string]schema {
	settings := func(named func(string, schema, ...string) member) []member {
		toggle := word("ENABLED", "DISABLED")
		return []member{
			named("guestUsers", toggle, "Whether users start sessions without having been authenticated."),
			named("userCreatedChannels", toggle, "Whether users, not only the application, create channels."),
			named("readOnDelivery", toggle, "Whether a message is read by whoever it reaches while he chats in its channel."),
			named("linkPreviews", toggle, "Whether the pages are fetched that messages link to, to show what they are about."),
		}
	}
	return map[string]schema{
		"ApplicationSettingsProperties": object(settings(may)...),
		"ApplicationSettingsResource":   linked(object(settings(must)...), "self", "application"),
		"ApplicationResource": linked(object(
			must("id", id()), must("key", text(), "The API key, with which clients name the application. It is no secret."),
			must("createdTime", instant()), must("properties", free()),
		), "self"),
	}
}

func users() map[string]schema {
	user := object(
		must("id", id()), must("type", word("PERSON", "BOT")), must("name", text(), "Unique within the application."),
		must("displayName", text()), must("displayPictureUrl", address()), must("isGuest", truth()),
		must("presence", ref("ChatUserPresenceProperties")), may("callStatus", word("AVAILABLE", "IN_CALL")),
		must("properties", free()),
	)
	return map[string]schema{
		"ChatUserProperties": user,
		"ChatUserResource":   linked(user, "self", "channels", "notifications", "displayPicture", "application"),
		"ChatUserPresenceProperties": object(
			must("online", truth(), "Has a session."), must("status", text(), "AVAILABLE, UNAVAILABLE, or the user's own words."),
		),
		"CreatePersonChatUserResource": object(
			must("name", text()), must("displayName", text()), may("isGuest", truth(), "False where it is not given."),
			may("properties", free()),
		),
		"ChatUserPropertiesPatch": object(
			may("displayName", text()), may("isGuest", truth()),
			may("presence", object(may("status", text()))), may("properties", free()),
		),
		"ChatUserIdReference":       object(must("id", id())),
		"ChatUserUsernameReference": object(must("username", text())),
		"ChatUserReference":         anyOf("ChatUserIdReference", "ChatUserUsernameReference"),
		"CreateExternalFileProperties": object(
			must("url", address()), must("name", text()), may("contentType", text(), "application/octet-stream where it is not given."), must("size", number(), "Bytes."),
		),
	}
}

func sessions() map[string]schema {
	lifetime := []member{must("id", id()), must("state", word("ACTIVE", "ENDED")), must("createdTime", instant()), may("endTime", instant())}
	user := object(append([]member{must("user", ref("ChatUserProperties")), may("userAgent", text(), "The client's name for itself.")}, lifetime...)...)
	return map[string]schema{
		"ChatUserSessionProperties": user,
		"ChatUserSessionResource":   linked(user, "user", "application"),
		"ChatSessionResource":       linked(object(append([]member{must("session", ref("ChatUserSessionProperties"))}, lifetime...)...), "session", "channel", "application"),
		"SecretResource":            object(must("secret", schema{}, "Any JSON value.")),
	}
}

// memberships are what is said of users in channels.
func memberships() map[string]schema {
	return map[string]schema{
		"ChannelMembershipResource":         linked(object(must("createdTime", instant(), "When he joined.")), "user", "channel", "member", "application"),
		"ChannelInviteResource":             linked(object(must("createdTime", instant())), "invitee", "channel", "application"),
		"CreateChannelInviteResource":       object(must("user", ref("ChatUserReference"))),
		"CreateChannelGenericEventResource": object(must("type", text()), may("properties", free())),
		"ChannelGenericEventResource": linked(object(
			must("type", text()), must("properties", free()), may("user", ref("ChatUserProperties"), "Absent for what the application tells."),
		), "application"),
		"CreateDelegatedReplyThreadKeystrokesResource": object(
			must("keys", text(), "All of the text so far; none says that he has given it up."), must("user", ref("ChatUserReference"), "Who types."),
		),
		"ReplyThreadKeystrokesResource": linked(object(must("keys", text()), must("username", text())), "application"),
		"MessageReadReceiptSummaryResource": linked(object(
			must("channel", ref("ChannelProperties")), must("user", ref("ChatUserProperties")), must("count", number(), "How many messages he has not read there."),
		), "channel", "user", "application"),
	}
}

func channels() map[string]schema {
	types := func(of string) schema {
		return oneOf(map[string]string{"PUBLIC": "PublicChannel" + of, "PRIVATE": "PrivateChannel" + of, "DIRECT": "DirectChannel" + of})
	}
	common := func(kind string, more ...member) schema {
		return object(append(more, must("id", id()), must("type", word(kind)), may("creator", ref("ChatUserProperties")),
			may("lastReceivedMessage", ref("MessageProperties")), must("createdTime", instant()), must("properties", free()))...)
	}
	group := func(kind string) schema {
		return common(kind, must("name", text(), "Unique within the application."), must("displayName", text()))
	}
	direct := common("DIRECT", must("members", list(ref("ChatUserProperties")), "At most 10, and always the same."))
	links := []string{"self", "participants", "messages", "events", "application"}
	more := append([]string{"memberships", "members", "moderators"}, links...)
	create := func(kind string, more ...member) schema {
		return object(append(more, must("type", word(kind)), may("creator", ref("ChatUserReference"), "Becomes a member."),
			may("properties", free()))...)
	}
	createGroup := func(kind string) schema {
		return create(kind, may("name", text(), "A random one where it is not given."), may("displayName", text(), "The name where it is not given."),
			may("members", list(ref("ChatUserReference"))))
	}
	return map[string]schema{
		"PublicChannelProperties":       group("PUBLIC"),
		"PrivateChannelProperties":      group("PRIVATE"),
		"DirectChannelProperties":       direct,
		"ChannelProperties":             types("Properties"),
		"PublicChannelResource":         linked(group("PUBLIC"), more...),
		"PrivateChannelResource":        linked(group("PRIVATE"), more...),
		"DirectChannelResource":         linked(direct, links...),
		"ChannelResource":               types("Resource"),
		"CreatePublicChannelResource":   createGroup("PUBLIC"),
		"CreatePrivateChannelResource":  createGroup("PRIVATE"),
		"CreateDirectChannelResource":   create("DIRECT", must("members", list(ref("ChatUserReference")), "At most 10, the creator included.")),
		"CreateChannelResource":         oneOf(map[string]string{"PUBLIC": "CreatePublicChannelResource", "PRIVATE": "CreatePrivateChannelResource", "DIRECT": "CreateDirectChannelResource"}),
		"ChannelPropertiesPatch":        object(may("displayName", text()), may("properties", free())),
		"ChannelPropertiesOfAMentioned": object(must("id", id()), must("type", word("PUBLIC", "PRIVATE", "DIRECT")), may("name", text()), may("displayName", text()), may("creator", ref("ChatUserProperties")), must("createdTime", instant()), must("properties", free())),
	}
}

func messages() map[string]schema {
	common := func(kind string, more ...member) schema {
		return object(append(more, must("id", id()), must("type", word(kind)), must("channelId", id()),
			may("groupTag", text()), may("reactions", list(ref("MessageReactionsSummaryProperties"))), may("repliesCount", number()),
			must("nestedLevel", number(), "0 for what answers nothing."), must("properties", free()),
			must("createdTime", instant()), may("lastEditedTime", instant()), may("reportCount", number()))...)
	}
	body := []member{must("body", text()), may("links", list(ref("MessageLinkProperties"))), may("mentions", list(ref("MessageMentionProperties")))}
	file := must("file", ref("FileProperties"))
	author := must("user", ref("ChatUserProperties"))
	kinds := map[string]schema{
		"TextChatUserMessage": common("TEXT", append([]member{author}, body...)...),
		"FileChatUserMessage": common("FILE", author, file),
		"TextSystemMessage":   common("SYSTEM_TEXT", body...),
		"FileSystemMessage":   common("SYSTEM_FILE", file),
	}
	types := func(of string) schema {
		return oneOf(map[string]string{
			"TEXT": "TextChatUserMessage" + of, "FILE": "FileChatUserMessage" + of,
			"SYSTEM_TEXT": "TextSystemMessage" + of, "SYSTEM_FILE": "FileSystemMessage" + of,
		})
	}
	create := []member{may("groupTag", text()), may("properties", free()), may("user", ref("ChatUserReference"), "Who sends it; without it the application does.")}
	position := []member{must("startPosition", number(), "In UTF-16 code units, from 0."), must("endPosition", number(), "The first one behind it.")}
	all := map[string]schema{
		"MessageProperties": types("Properties"),
		"MessageResource":   types("Resource"),
		"FileProperties": object(
			must("type", word("HOSTED", "EXTERNAL"), "Whether it was uploaded here."), must("url", address()), must("name", text()),
			must("contentType", text()), must("size", number(), "Bytes."),
		),
		"MessageReactionsSummaryProperties": object(must("emoji", ref("EmojiProperties")), must("users", list(ref("ChatUserProperties"))), must("count", number())),
		"EmojiProperties":                   object(must("character", text()), must("description", text()), must("aliases", list(text())), must("tags", list(text()))),
		"MessageLinkProperties":             object(append(position, must("source", text()), may("preview", ref("MessageLinkPreviewProperties")))...),
		"MessageLinkPreviewProperties": object(
			must("url", text()), must("title", text()), must("image", object(must("source", text()))), may("description", text()), may("siteName", text()),
		),
		"MessageMentionProperties":         oneOf(map[string]string{"USER": "ChatUserMessageMentionProperties", "CHANNEL": "ChannelMessageMentionProperties"}),
		"ChatUserMessageMentionProperties": object(append(position, must("type", word("USER")), must("tag", text()), must("user", ref("ChatUserProperties")))...),
		"ChannelMessageMentionProperties": object(append(position, must("type", word("CHANNEL")), must("tag", text()),
			must("channel", ref("ChannelPropertiesOfAMentioned")), may("user", ref("ChatUserProperties"), "The author of the message."))...),
		"CreateTextMessageResource":  object(append(create, must("type", word("TEXT")), must("body", text()))...),
		"CreateFileMessageResource":  object(append(create, must("type", word("FILE")), must("file", ref("CreateExternalFileProperties")))...),
		"CreateMessageResource":      oneOf(map[string]string{"TEXT": "CreateTextMessageResource", "FILE": "CreateFileMessageResource"}),
		"MessagePropertiesPatch":     object(may("body", text()), may("properties", free())),
		"MessageReadReceiptResource": linked(object(must("user", ref("ChatUserProperties")), must("createdTime", instant(), "When it was read.")), "user", "message", "application"),
		"ReplyThreadResource": linked(object(
			must("id", id()), must("type", word("MAIN", "STANDALONE", "MESSAGE")), may("name", text()), must("properties", free()), must("createdTime", instant()),
		), "self", "channel", "application"),
	}
	for name, s := range kinds {
		all[name+"Properties"] = s
		links := []string{"self", "channel", "application"}
		if name == "TextChatUserMessage" || name == "FileChatUserMessage" {
			links = append(links, "user")
		}
		all[name+"Resource"] = linked(s, links...)
	}
	return all
}

func push() map[string]schema {
	kind := word("WEB_PUSH", "FCM", "APNS", "WEBHOOK")
	token := may("token", text(), "What the provider or, for WEBHOOK, the application's own server knows the device by.")
	endpoint := may("endpoint", address(), "Only for WEB_PUSH, as in the browser's PushSubscription.")
	apple := []member{may("topic", text(), "The identifier of the app; only for APNS."), may("environment", word("PRODUCTION", "SANDBOX"), "Only for APNS.")}
	preferences := func(named func(string, schema, ...string) member) schema {
		return object(
			may("quietHours", object(must("start", text(), "As in 22:00."), must("end", text(), "As in 07:00."), must("timeZone", text(), "As in Europe/Berlin.")), "When to leave the devices alone. What comes meanwhile is told at the end."),
			named("channels", list(object(must("channelId", id()), must("push", word("ALL", "MENTIONS", "NONE"), "ALL is the standard; MENTIONS means replies and mentions only."))), "Channels with another preference than ALL."),
		)
	}
	device := object(append(apple, must("id", id()), must("kind", kind), token, endpoint,
		must("createdTime", instant()), must("registeredTime", instant(), "When it was registered last."))...)
	return map[string]schema{
		"DeviceProperties": device,
		"DeviceResource":   linked(device, "self", "user", "application"),
		"PushAttemptProperties": object(
			must("outcome", word("ACCEPTED", "DELAYED", "EXPIRED", "REFUSED", "GIVEN_UP"), "DELAYED is tried again; a device that has EXPIRED is removed."),
			must("status", number(), "Of the provider's answer, 0 where there was none."), must("answer", text(), "What the provider said, up to 2048 bytes, or why it said nothing."),
			must("createdTime", instant()),
		),
		"DeliveryResource": linked(object(
			must("reason", word("AUTHOR", "BLOCKED", "HIDDEN", "READ", "PUSHED", "PENDING", "FAILED", "NOT_A_MEMBER", "JOINED_LATER", "CHATTING", "MUTED", "PREFERENCE", "NO_DEVICE", "NOTIFIED"),
				"The first that holds. CHATTING means that he had a chat session, so that he was told there and not notified."),
			must("member", truth(), "Now, as are muted and push."), must("muted", truth()), must("blocked", truth(), "He blocks the author."),
			must("chatting", truth(), "He had a chat session when it was sent."), must("push", word("ALL", "MENTIONS", "NONE")), may("readTime", instant()),
			must("notifications", list(object(must("id", id()), must("type", text()), must("muted", truth())))),
			must("connections", list(object(must("session", id()), must("userAgent", text()), must("createdTime", instant()), may("endedTime", instant()),
				must("acknowledged", truth(), "It has acknowledged all that it listens to, up to the message, as far as was written down."))), "Sessions that were there, the newest first."),
			must("devices", number(), "How many he has."), must("waiting", list(id()), "Devices for which a push waits."),
			must("attempts", list(object(must("device", object(must("id", id()), must("kind", kind))), must("attempt", ref("PushAttemptProperties")))), "The last pushes that stood for the message, oldest first."),
		), "self", "message", "user", "application"),
		"PushTrialResource": object(must("device", ref("DeviceProperties")), must("attempt", ref("PushAttemptProperties"))),
		"RegisterDeviceResource": object(append(apple, must("kind", kind), token, endpoint,
			may("keys", object(must("p256dh", text()), must("auth", text())), "Only for WEB_PUSH, as in the browser's PushSubscription."))...),
		"PushPreferencesProperties": preferences(may),
		"PushPreferencesResource":   linked(preferences(must), "self", "user", "application"),
		"PushCredentialsResource": linked(object(
			must("kind", kind), may("publicKey", text(), "What browsers subscribe with; WEB_PUSH."), may("subject", text(), "WEB_PUSH."),
			may("projectId", text(), "FCM."), may("clientEmail", text(), "FCM."), may("keyId", text(), "FCM and APNS."), may("teamId", text(), "APNS."),
			may("url", address(), "WEBHOOK."), must("createdTime", instant(), "When they were set."),
		), "self", "application"),
		"SetPushCredentialsResource": object(
			may("subject", text(), "WEB_PUSH: a mailto: or https: address where operators of push services reach you."),
			may("privateKey", text(), "WEB_PUSH: a VAPID key in base64url. APNS: the text of the .p8 file."),
			may("serviceAccount", free(), "FCM: the JSON file of a service account, as an object."),
			may("keyId", text(), "APNS."), may("teamId", text(), "APNS."),
			may("url", address(), "WEBHOOK: where pushes are sent."), may("secret", text(), "WEBHOOK: whsec_ and after it 24 to 64 bytes in base64."),
		),
	}
}

func jobs() map[string]schema {
	key := may("idempotencyKey", text(), "An element of a key is imported once.")
	created := may("createdTime", instant(), "When it was; now, where it is missing.")
	picture := object(must("url", address()), may("name", text()), may("contentType", text()), may("size", number()), may("idempotencyKey", text()))
	failure := func(named func(string, schema, ...string) member) schema {
		return object(named("index", number(), "The place of the element in the array, from 0."), must("error", text()), must("message", text()), may("field", text()))
	}
	return map[string]schema{
		"ApplicationJobResource": linked(object(
			must("id", id()),
			must("type", word("USER_IMPORT", "CHANNEL_IMPORT", "CHANNEL_MEMBERS_IMPORT", "MESSAGE_IMPORT", "MESSAGE_ANALYTICS_EXPORT")),
			must("state", word("PENDING", "RUNNING", "FINISHED", "FAILED"), "A job has failed as soon as one of its elements was refused."),
			must("createdTime", instant()), may("endedTime", instant()),
			may("file", address(), "Where the result of an export is."),
			must("progress", object(
				must("processed", number(), "Elements that have been dealt with."), must("skipped", number(), "Those of them that were there already."),
				must("failed", number(), "Those of them that were refused."),
			)),
			may("error", failure(may), "The first thing that went wrong."),
			must("failures", list(failure(must)), "The first 100 elements that were refused."),
		), "self", "application"),
		"ChatUserImport": object(
			must("name", text()), must("displayName", text()), may("guest", truth()), may("properties", free()), may("displayPicture", picture), key, created,
		),
		"ChannelImport": object(
			must("type", word("DIRECT", "PUBLIC", "PRIVATE")), may("name", text()), may("displayName", text()),
			may("members", list(text()), "Names of users."), may("creator", text(), "The name of a user."), may("properties", free()), key, created,
		),
		"ChannelMembershipImport": object(must("username", text()), key),
		"MessageImport": object(
			must("type", word("TEXT", "SYSTEM_TEXT")), must("channelId", id()), must("body", text()), may("user", text(), "The name of the user who said it."),
			may("groupTag", text()), may("properties", free()), key, created,
		),
	}
}

func functions() map[string]schema {
	runtime := []member{must("id", id(), "That of the application."), must("type", word("NODEJS")), must("version", text())}
	dependency := func(named func(string, schema, ...string) member) schema {
		return object(must("name", text()), must("version", text(), "As npm understands it."), named("defaultDependency", truth(), "Is there without being asked for."))
	}
	script := object(must("script", text(), "JavaScript or TypeScript, kept as it came."))
	return map[string]schema{
		"ChatRuntimeResource": linked(object(append(runtime,
			must("dependencies", list(ref("ChatRuntimeDependencyProperties"))), must("environmentVariables", texts()),
			must("initializationScript", ref("ChatRuntimeScriptProperties")))...), "self", "dependencies", "initializationScript", "functions", "application"),
		"ChatRuntimeDependencyProperties":       dependency(must),
		"UpdateChatRuntimeDependencyProperties": dependency(may),
		"ChatRuntimeScriptProperties":           script,
		"ChatFunctionChatRuntimeProperties":     object(runtime...),
		"CreateChatFunctionResource": object(must("type", text(), "What it waits for, such as user.attempted.start_session."), must("name", text()),
			may("description", text()), may("initializeAsynchronously", truth(), "Nobody waits until a new version is prepared. False where it is not given.")),
		"ChatFunctionResource": linked(object(must("id", id()), must("type", text()), must("name", text()), may("description", text()),
			must("enabled", truth()), must("currentVersionNumber", number(), "0 before the first version."),
			must("runtime", ref("ChatFunctionChatRuntimeProperties"))), "self", "versions", "invocations", "currentVersion", "application"),
		"CreateChatFunctionVersionResource": object(must("handlerScript", text(), "JavaScript or TypeScript with a function handleEvent.")),
		"ChatFunctionVersionResource": linked(object(must("id", id()), must("versionNumber", number(), "Counts from 1."),
			must("handlerScript", text())), "self", "application"),
		"ChatFunctionInvocationResource": linked(object(must("id", id()), must("versionNumber", number()),
			must("args", free(), "What it was given. Of what authenticates users, whatever is named like a secret is hidden."),
			must("status", word("RUNNING", "SUCCEEDED", "FAILED")),
			must("result", free(), "payload is what it returned; our own are reason and error, logs, and durationMs. Empty while it runs."),
			must("createdTime", instant())), "application"),
	}
}
