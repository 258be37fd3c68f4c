package openapi

// Operation is what one method of one path takes and answers.
type Operation struct {
	Method string
	// Path is below the base, such as /users/{id}; the bases are servers.
	Path string
	// ID is the operation's name in the published contract, where it is there.
	ID      string
	Tag     string
	Summary string
	// About says more than fits the summary, if anything.
	About string

	parameters []parameter
	body       []body
	// answer is the schema of a success, nil where it has no body.
	answer schema
	status string
	open   bool // needs no token
}

// parameter is a part of the query.
type parameter struct {
	name     string
	schema   schema
	about    string
	required bool
}

// body is a body that an operation takes, under each of the media types.
type body struct {
	media  []string
	schema schema
}

// The parameters of lists (platform-api E).
func numberedPage(more ...parameter) []parameter {
	return append(more,
		parameter{name: "page", schema: schema{"type": "integer", "minimum": 0, "default": 0}, about: "Which page, from 0."},
		parameter{name: "size", schema: schema{"type": "integer", "minimum": 1, "maximum": 100, "default": 25}, about: "Items on a page."},
		parameter{name: "sort", schema: list(text()), about: "Property, and after a comma asc or desc; may be repeated."},
	)
}

func cursorPage(more ...parameter) []parameter {
	return append(more,
		parameter{name: "size", schema: schema{"type": "integer", "minimum": 1, "maximum": 100, "default": 25}, about: "Items on a page."},
		parameter{name: "start", schema: number(), about: "The cursor of a page's first item, from its links."},
		parameter{name: "next", schema: number(), about: "The cursor of the page after it, from its links."},
		parameter{name: "relation", schema: word("SELF", "PREVIOUS", "NEXT"), about: "Which page is wanted, as seen from the cursors."},
	)
}

func filter(name string, s schema, about string) parameter {
	return parameter{name: name, schema: s, about: about}
}

// A page holds a list under a name.
func pageOf(name, of string) schema {
	return paged(name, of, "PageMetadata", "self")
}

func cursorPageOf(name, of string) schema {
	return paged(name, of, "CursorPageMetadata", "self")
}

func paged(name, of, metadata string, links ...string) schema {
	relations := []member{}
	for _, r := range links {
		relations = append(relations, must(r, ref("Link")))
	}
	for _, r := range []string{"first", "prev", "next", "last"} {
		relations = append(relations, may(r, ref("Link")))
	}
	return object(
		must("_embedded", object(must(name, list(ref(of))))),
		must("page", ref(metadata)), must("_links", object(relations...)),
	)
}

// The bodies.
func jsonBody(name string) []body { return []body{{jsonMedia(), ref(name)}} }
func patch(name string) []body {
	return []body{{append([]string{"application/json+merge-patch", "application/merge-patch+json"}, jsonMedia()...), ref(name)}}
}

// form is a multipart form with a file and more parts.
func form(more ...member) body {
	return body{[]string{"multipart/form-data"}, object(append(more, must("file", schema{"type": "string", "format": "binary"}))...)}
}

func jsonMedia() []string { return []string{"application/json", "application/vnd.chatkitty+json"} }

// Operations are all operations of the Platform API, in the order in which they
// are shown.
func Operations() []Operation {
	messageForm := form(may("groupTag", text()), may("username", text(), "Who sends it; without it the application does."), may("properties", text(), "A JSON object, as text."))
	byName := filter("username", text(), "Only messages of the user with this name.")
	byProperties := filter("properties", text(), "A JSON object: only what has properties that contain it.")
	inState := filter("state", word("ACTIVE", "ENDED"), "Only sessions in this state.")
	byText := filter("query", text(), "Only messages whose body has this text; it is taken literally.")
	return []Operation{
		{Method: "POST", Path: "/oauth/token", ID: "issueToken", Tag: "Access", Summary: "Get an access token", open: true,
			About: "OAuth 2.0 client credentials (RFC 6749 section 4.4): the client's identifier and secret go into the header Authorization as HTTP Basic.",
			body:  []body{{[]string{"application/x-www-form-urlencoded", "multipart/form-data"}, object(must("grant_type", word("client_credentials")))}}, answer: ref("TokenResource")},

		{Method: "GET", Path: "/application", ID: "retrieveApplication", Tag: "Application", Summary: "Retrieve the application", answer: ref("ApplicationResource")},
		{Method: "GET", Path: "/application/settings", ID: "retrieveApplicationSettings", Tag: "Application", Summary: "Retrieve the application's settings", answer: ref("ApplicationSettingsResource")},
		{Method: "PUT", Path: "/application/settings", ID: "updateApplicationSettings", Tag: "Application", Summary: "Update the application's settings", About: "What is not named stays as it is.",
			body: jsonBody("ApplicationSettingsProperties"), answer: ref("ApplicationSettingsResource")},

		{Method: "GET", Path: "/application/message-read-receipt-summaries", ID: "retrieveApplicationMessageReadReceiptSummaries", Tag: "Application", Summary: "List who has unread messages in which channels", About: "Who has read everything is left out.",
			parameters: numberedPage(), answer: pageOf("summaries", "MessageReadReceiptSummaryResource")},

		{Method: "GET", Path: "/users", ID: "listUsers", Tag: "Users", Summary: "List users", parameters: numberedPage(
			filter("name", text(), "Only the user with exactly this name."),
			filter("unread", truth(), "Only users who have unread messages."), byProperties), answer: pageOf("users", "ChatUserResource")},
		{Method: "HEAD", Path: "/users", ID: "checkUserExists", Tag: "Users", Summary: "Tell whether there is a user of a name", About: "The status is 200 or 404.", parameters: []parameter{
			{name: "name", schema: text(), about: "The whole name.", required: true}}},
		{Method: "POST", Path: "/users", ID: "createUser", Tag: "Users", Summary: "Create a user", body: jsonBody("CreatePersonChatUserResource"), answer: ref("ChatUserResource")},
		{Method: "GET", Path: "/users/{id}", ID: "retrieveUser", Tag: "Users", Summary: "Retrieve a user", answer: ref("ChatUserResource")},
		{Method: "PATCH", Path: "/users/{id}", ID: "updateUser", Tag: "Users", Summary: "Update a user", About: "Properties are merged (RFC 7396).", body: patch("ChatUserPropertiesPatch"), answer: ref("ChatUserResource")},
		{Method: "DELETE", Path: "/users/{id}", ID: "deleteUser", Tag: "Users", Summary: "Delete a user", answer: ref("ApplicationResource")},
		{Method: "GET", Path: "/users/{id}/channels", ID: "listUserChannels", Tag: "Users", Summary: "List the channels of a user", parameters: numberedPage(), answer: pageOf("channels", "ChannelResource")},
		{Method: "GET", Path: "/users/{id}/messages", ID: "listUserMessages", Tag: "Users", Summary: "List the messages that a user has sent", About: "The newest come first.", parameters: cursorPage(
			filter("unread", truth(), "Instead the messages that he has not read, in all his channels.")), answer: cursorPageOf("messages", "MessageResource")},
		{Method: "GET", Path: "/users/{id}/notifications", ID: "listUserNotifications", Tag: "Users", Summary: "List the notifications of a user", About: "The newest come first. They are what he was told of because he had no chat session where it happened.", parameters: cursorPage(), answer: cursorPageOf("notifications", "NotificationResource")},
		{Method: "GET", Path: "/users/{id}/messages/unread/count", ID: "countUserUnreadMessages", Tag: "Users", Summary: "Count the messages that a user has not read", answer: ref("CountResource")},
		{Method: "POST", Path: "/users/{id}/display-picture", ID: "updateUserDisplayPicture", Tag: "Users", Summary: "Set a user's display picture",
			body: append(jsonBody("CreateExternalFileProperties"), form()), answer: ref("ChatUserResource")},
		{Method: "GET", Path: "/users/{id}/secrets/{name}", ID: "retrieveUserSecret", Tag: "Users", Summary: "Retrieve a secret of a user", answer: ref("SecretResource")},
		{Method: "PUT", Path: "/users/{id}/secrets/{name}", ID: "setUserSecret", Tag: "Users", Summary: "Set a secret of a user", About: "It is encrypted where it is kept, and shown by nothing but its own operation.", body: jsonBody("SecretResource"), answer: ref("ChatUserResource")},
		{Method: "DELETE", Path: "/users/{id}/secrets/{name}", ID: "removeUserSecret", Tag: "Users", Summary: "Remove a secret of a user", answer: ref("ChatUserResource")},

		{Method: "GET", Path: "/user-sessions", ID: "listUserSessions", Tag: "Sessions", Summary: "List user sessions", About: "Those that ended are kept for 30 days.", parameters: numberedPage(inState), answer: pageOf("sessions", "ChatUserSessionResource")},
		{Method: "GET", Path: "/user-sessions/{id}", ID: "retrieveUserSession", Tag: "Sessions", Summary: "Retrieve a user session", answer: ref("ChatUserSessionResource")},
		{Method: "GET", Path: "/chat-sessions", ID: "listChatSessions", Tag: "Sessions", Summary: "List chat sessions", About: "A chat session is a channel that a user session has open.", parameters: numberedPage(inState), answer: pageOf("sessions", "ChatSessionResource")},

		{Method: "GET", Path: "/channels", ID: "listChannels", Tag: "Channels", Summary: "List channels", parameters: numberedPage(
			filter("type", word("DIRECT", "PUBLIC", "PRIVATE"), "Only channels of this type."),
			filter("members", list(text()), "Only channels of which all users with these names are members."),
			filter("startTime", instant(), "Only channels created then or later."),
			filter("endTime", instant(), "Only channels created then or earlier."),
			byProperties,
		), answer: pageOf("channels", "ChannelResource")},
		{Method: "POST", Path: "/channels", ID: "createChannel", Tag: "Channels", Summary: "Create a channel", About: "A channel of the same type and name, or a direct channel of the same members, is answered as it is.",
			body: jsonBody("CreateChannelResource"), answer: ref("ChannelResource")},
		{Method: "GET", Path: "/channels/{id}", ID: "retrieveChannel", Tag: "Channels", Summary: "Retrieve a channel", answer: ref("ChannelResource")},
		{Method: "PATCH", Path: "/channels/{id}", ID: "updateChannel", Tag: "Channels", Summary: "Update a channel", About: "Properties are merged (RFC 7396).", body: patch("ChannelPropertiesPatch"), answer: ref("ChannelResource")},
		{Method: "DELETE", Path: "/channels/{id}", ID: "deleteChannel", Tag: "Channels", Summary: "Delete a channel", answer: ref("ApplicationResource")},
		{Method: "GET", Path: "/channels/{id}/members", ID: "listChannelMembers", Tag: "Channels", Summary: "List the members of a channel", parameters: numberedPage(), answer: pageOf("users", "ChatUserResource")},
		{Method: "POST", Path: "/channels/{id}/members", ID: "addChannelMember", Tag: "Channels", Summary: "Add a member to a channel", body: jsonBody("ChatUserReference"), answer: ref("ChannelResource")},
		{Method: "GET", Path: "/channels/{id}/members/{user}", ID: "retrieveChannelMember", Tag: "Channels", Summary: "Retrieve a member of a channel", answer: ref("ChatUserResource")},
		{Method: "DELETE", Path: "/channels/{id}/members/{user}", ID: "removeChannelMember", Tag: "Channels", Summary: "Remove a member from a channel", answer: ref("ChannelResource")},
		{Method: "GET", Path: "/channels/{id}/memberships", ID: "listChannelMemberships", Tag: "Channels", Summary: "List since when who is a member of a channel", parameters: numberedPage(), answer: pageOf("memberships", "ChannelMembershipResource")},
		{Method: "GET", Path: "/channels/{id}/participants", ID: "listChannelParticipants", Tag: "Channels", Summary: "List the members of a channel who are online", parameters: numberedPage(), answer: pageOf("users", "ChatUserResource")},
		{Method: "GET", Path: "/channels/{id}/moderators", ID: "listChannelModerators", Tag: "Channels", Summary: "List the moderators of a channel", parameters: numberedPage(), answer: pageOf("users", "ChatUserResource")},
		{Method: "POST", Path: "/channels/{id}/moderators", ID: "addChannelModerator", Tag: "Channels", Summary: "Make a user a moderator of a channel", About: "Who is no member becomes one.", body: jsonBody("ChatUserReference"), answer: ref("ChatUserResource")},
		{Method: "DELETE", Path: "/channels/{id}/moderators/{user}", ID: "removeChannelModerator", Tag: "Channels", Summary: "Let a moderator be a mere member again", answer: ref("ChannelResource")},
		{Method: "GET", Path: "/channels/{id}/invites", ID: "listChannelInvites", Tag: "Channels", Summary: "List the invitations into a channel", About: "One for each user, his latest.", parameters: numberedPage(), answer: pageOf("invites", "ChannelInviteResource")},
		{Method: "POST", Path: "/channels/{id}/invites", ID: "sendChannelInvite", Tag: "Channels", Summary: "Invite a user into a channel", About: "It makes him a member at once.", body: jsonBody("CreateChannelInviteResource"), answer: ref("ChannelInviteResource")},
		{Method: "POST", Path: "/channels/{id}/events", ID: "sendChannelEvent", Tag: "Channels", Summary: "Tell those who chat in a channel something", body: jsonBody("CreateChannelGenericEventResource"), answer: ref("ChannelGenericEventResource")},
		{Method: "POST", Path: "/channels/{id}/keystrokes", ID: "sendChannelKeystrokes", Tag: "Channels", Summary: "Show what a user types in a channel", body: jsonBody("CreateDelegatedReplyThreadKeystrokesResource"), answer: ref("ReplyThreadKeystrokesResource")},
		{Method: "GET", Path: "/channels/{id}/messages", ID: "listChannelMessages", Tag: "Channels", Summary: "List the messages of a channel", About: "The newest come first.", parameters: cursorPage(byName, byText), answer: cursorPageOf("messages", "MessageResource")},
		{Method: "POST", Path: "/channels/{id}/messages", ID: "sendChannelMessage", Tag: "Channels", Summary: "Send a message to a channel", body: append(jsonBody("CreateMessageResource"), messageForm), answer: ref("MessageResource")},
		{Method: "GET", Path: "/channels/{id}/reported-messages", ID: "listChannelReportedMessages", Tag: "Channels", Summary: "List the messages of a channel that somebody reported", parameters: numberedPage(), answer: pageOf("messages", "MessageResource")},

		{Method: "GET", Path: "/messages", ID: "listMessages", Tag: "Messages", Summary: "List the messages of the application", About: "The newest come first.", parameters: cursorPage(byName, byText), answer: cursorPageOf("messages", "MessageResource")},
		{Method: "GET", Path: "/messages/{id}", ID: "retrieveMessage", Tag: "Messages", Summary: "Retrieve a message", answer: ref("MessageResource")},
		{Method: "PATCH", Path: "/messages/{id}", ID: "updateMessage", Tag: "Messages", Summary: "Update a message", About: "Properties are merged (RFC 7396).", body: patch("MessagePropertiesPatch"), answer: ref("MessageResource")},
		{Method: "DELETE", Path: "/messages/{id}", ID: "deleteMessage", Tag: "Messages", Summary: "Delete a message", About: "The answer is the thread that it was in.", answer: ref("ReplyThreadResource")},
		{Method: "DELETE", Path: "/messages", ID: "deleteMessages", Tag: "Messages", Summary: "Delete all messages of the application", About: "Where there are very many, the rest goes a while after the answer.", answer: ref("ApplicationResource")},
		{Method: "GET", Path: "/messages/{id}/read-receipts", ID: "listMessageReadReceipts", Tag: "Messages", Summary: "List who has read a message", parameters: numberedPage(), answer: pageOf("receipts", "MessageReadReceiptResource")},

		{Method: "GET", Path: "/runtimes/nodejs", ID: "retrieveNodejsRuntime", Tag: "Runtime", Summary: "Retrieve the runtime of the application's functions", About: "It shows the environment variables with their values.", answer: ref("ChatRuntimeResource")},
		{Method: "PUT", Path: "/runtimes/nodejs/dependencies", ID: "updateNodejsRuntimeDependencies", Tag: "Runtime", Summary: "Replace the npm packages of the runtime",
			About: "Default packages stay; to name one with another version replaces it. At most 50, as versions or ranges of the npm registry.",
			body:  []body{{jsonMedia(), list(ref("UpdateChatRuntimeDependencyProperties"))}}, answer: ref("ChatRuntimeResource")},
		{Method: "PUT", Path: "/runtimes/nodejs/environment-variables", ID: "updateNodejsRuntimeEnvironmentVariables", Tag: "Runtime", Summary: "Replace the environment variables of the runtime",
			About: "At most 100, of 64 KiB together. Names that begin with CHATKITTY_ are reserved; the runtime's own may be sent along and stay.",
			body:  []body{{jsonMedia(), texts()}}, answer: ref("ChatRuntimeResource")},
		{Method: "PUT", Path: "/runtimes/nodejs/initialization-script", ID: "updateNodejsRuntimeInitializationScript", Tag: "Runtime", Summary: "Replace the script that runs before any function", About: "At most 1 MiB; an empty one is none.",
			body: jsonBody("ChatRuntimeScriptProperties"), answer: ref("ChatRuntimeResource")},
		{Method: "GET", Path: "/runtimes/nodejs/functions", ID: "listNodejsRuntimeFunctions", Tag: "Functions", Summary: "List the functions of the application", parameters: numberedPage(), answer: pageOf("functions", "ChatFunctionResource")},
		{Method: "POST", Path: "/runtimes/nodejs/functions", ID: "createNodejsRuntimeFunction", Tag: "Functions", Summary: "Create a function", About: "It has no code yet.", body: jsonBody("CreateChatFunctionResource"), answer: ref("ChatFunctionResource")},
		{Method: "GET", Path: "/functions/{id}", ID: "retrieveFunction", Tag: "Functions", Summary: "Retrieve a function", answer: ref("ChatFunctionResource")},
		{Method: "GET", Path: "/functions/{id}/versions", ID: "listFunctionVersions", Tag: "Functions", Summary: "List the versions of a function", About: "The newest come first.", parameters: numberedPage(), answer: pageOf("versions", "ChatFunctionVersionResource")},
		{Method: "POST", Path: "/functions/{id}/versions", ID: "createFunctionVersion", Tag: "Functions", Summary: "Give a function new code", About: "It becomes the current version. At most 1 MiB.", body: jsonBody("CreateChatFunctionVersionResource"), answer: ref("ChatFunctionVersionResource")},
		{Method: "GET", Path: "/functions/{id}/current-version", ID: "retrieveFunctionCurrentVersion", Tag: "Functions", Summary: "Retrieve the version of a function that runs", About: "404 before the first.", answer: ref("ChatFunctionVersionResource")},
		{Method: "GET", Path: "/functions/{id}/invocations", ID: "listFunctionInvocations", Tag: "Functions", Summary: "List the runs of a function", About: "The newest come first. Runs are kept for 30 days, and 10,000 of each function.", parameters: numberedPage(), answer: pageOf("invocations", "ChatFunctionInvocationResource")},
		{Method: "GET", Path: "/function-versions/{id}", ID: "retrieveFunctionVersion", Tag: "Functions", Summary: "Retrieve a version of a function", answer: ref("ChatFunctionVersionResource")},

		{Method: "GET", Path: "/threads/{id}", ID: "retrieveThread", Tag: "Threads", Summary: "Retrieve a thread", About: "The thread of the replies to a message has the message's identifier.", answer: ref("ReplyThreadResource")},
		{Method: "GET", Path: "/threads/{id}/messages", ID: "listThreadMessages", Tag: "Threads", Summary: "List the messages of a thread", About: "The newest come first.", parameters: cursorPage(), answer: cursorPageOf("messages", "MessageResource")},
		{Method: "POST", Path: "/threads/{id}/messages", ID: "sendThreadMessage", Tag: "Threads", Summary: "Send a message to a thread", body: append(jsonBody("CreateMessageResource"), messageForm), answer: ref("MessageResource")},
		{Method: "POST", Path: "/threads/{id}/keystrokes", ID: "sendThreadKeystrokes", Tag: "Threads", Summary: "Show what a user types in a thread", About: "Those in a channel's main thread are shown to who chats in the channel, others to nobody.", body: jsonBody("CreateDelegatedReplyThreadKeystrokesResource"), answer: ref("ReplyThreadKeystrokesResource")},

		{Method: "GET", Path: "/users/{id}/devices", ID: "listDevices", Tag: "Push", Summary: "List the devices of a user", answer: pageOf("devices", "DeviceResource")},
		{Method: "POST", Path: "/users/{id}/devices", ID: "registerDevice", Tag: "Push", Summary: "Register a device of a user",
			About: "A device of the same kind and token is the same one: it moves to the user who registered it last. A user has 20 devices at most; one more takes the place of the one that was registered longest ago.",
			body:  jsonBody("RegisterDeviceResource"), answer: ref("DeviceResource")},
		{Method: "DELETE", Path: "/users/{id}/devices/{device}", ID: "removeDevice", Tag: "Push", Summary: "Remove a device of a user", answer: ref("ChatUserResource")},
		{Method: "GET", Path: "/users/{id}/push-preferences", ID: "retrievePushPreferences", Tag: "Push", Summary: "Retrieve when a user's devices are left alone", answer: ref("PushPreferencesResource")},
		{Method: "PUT", Path: "/users/{id}/push-preferences", ID: "updatePushPreferences", Tag: "Push", Summary: "Say when to leave a user's devices alone",
			About: "What is not named stays as it is; null ends the quiet hours.", body: jsonBody("PushPreferencesProperties"), answer: ref("PushPreferencesResource")},
		{Method: "POST", Path: "/users/{id}/test-notification", ID: "sendTestNotification", Tag: "Push", Summary: "Push a test to all devices of a user",
			About: "It goes out at once, whatever the user's quiet hours are, and the answer has what each provider said, word for word.", answer: pageOf("devices", "PushTrialResource")},
		{Method: "GET", Path: "/messages/{id}/deliveries/{user}", ID: "explainDelivery", Tag: "Push", Summary: "Tell why a user did, or did not, get a message",
			About: "It is derived from what is stored: sessions for as long as they are kept after their end, answers of providers for as long as the operator keeps them.", answer: ref("DeliveryResource")},
		{Method: "GET", Path: "/application/push-credentials", ID: "listPushCredentials", Tag: "Push", Summary: "List what providers of push know the application by", About: "Secrets are never shown.",
			answer: pageOf("credentials", "PushCredentialsResource")},
		{Method: "PUT", Path: "/application/push-credentials/{name}", ID: "setPushCredentials", Tag: "Push", Summary: "Set the credentials for a kind of device",
			About: "The kind is WEB_PUSH, FCM, APNS or WEBHOOK. For WEB_PUSH a key is made where none is given.", body: jsonBody("SetPushCredentialsResource"), answer: ref("PushCredentialsResource")},
		{Method: "DELETE", Path: "/application/push-credentials/{name}", ID: "removePushCredentials", Tag: "Push", Summary: "Remove the credentials for a kind of device", answer: ref("ApplicationResource")},

		importing("/imports/users", "importUsers", "Import users", "ChatUserImport", "A user whose name is there already is skipped."),
		importing("/imports/channels", "importChannels", "Import channels", "ChannelImport", "A channel of the same type and name, or a direct channel of the same members, is skipped."),
		importing("/imports/channels/{id}/members", "importChannelMembers", "Import the members of a channel", "ChannelMembershipImport", "Who is a member already is skipped."),
		importing("/imports/messages", "importMessages", "Import messages", "MessageImport",
			"Messages go behind all that are in their channel, in the order of the file. Nobody is told of them, and members who had read everything have read them too."),
		{Method: "GET", Path: "/jobs", ID: "listJobs", Tag: "Jobs", Summary: "List jobs", About: "The oldest come first.", parameters: numberedPage(
			filter("running", truth(), "Only jobs that have not ended.")), answer: pageOf("jobs", "ApplicationJobResource")},
		{Method: "GET", Path: "/jobs/{id}", ID: "retrieveJob", Tag: "Jobs", Summary: "Retrieve a job", answer: ref("ApplicationJobResource")},
		{Method: "POST", Path: "/analytics/messages", ID: "exportMessageAnalytics", Tag: "Analytics", Summary: "Export all messages", About: aboutExports, answer: ref("ApplicationJobResource"), status: "202"},
		{Method: "POST", Path: "/analytics/users", ID: "exportUserAnalytics", Tag: "Analytics", Summary: "Export all users", About: aboutExports, answer: ref("ApplicationJobResource"), status: "202"},
	}
}

const aboutExports = "When the job has ended, its file holds a JSON array of resources without links. The file stays for a week; the address is good for a day."

// importing is an operation that starts an import of elements.
func importing(path, id, summary, element, about string) Operation {
	return Operation{
		Method: "POST", Path: path, ID: id, Tag: "Imports", Summary: summary,
		About: "The file holds a JSON array of " + element + " in UTF-8. " + about +
			" An element whose idempotencyKey has been imported before is skipped. Elements that are refused are listed in the job, all others are imported.",
		body: []body{form()}, answer: ref("ApplicationJobResource"), status: "202",
	}
}
