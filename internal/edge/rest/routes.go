package rest

import (
	"net/http"

	"github.com/purrchat/purr/internal/app/files"
)

// routes is the table of contents of the Platform API. Each path is served
// under all the bases of platform-api A.4, unless the row says otherwise.
func (d *door) routes() []route {
	return []route{
		// Without a token.
		open("POST", "/oauth/token", d.issueToken).under(root),
		open("GET", "/picture/{name}", d.drawPicture).under(root | versioned),
		open("GET", "/openapi.json", d.showDocument).under(root | versioned),
		open("GET", "/docs", d.showPage).under(root | versioned),

		operation("GET", "", d.retrieveApplication).under(tenant),
		operation("GET", "/application", d.retrieveApplication),
		operation("GET", "/application/settings", d.retrieveSettings),
		operation("PUT", "/application/settings", d.updateSettings),
		operation("GET", "/application/message-read-receipt-summaries", d.listReadReceiptSummaries),

		operation("GET", "/users", d.listUsers),
		operation("HEAD", "/users", d.checkUserExists),
		operation("POST", "/users", d.createUser),
		operation("GET", "/users/{id}", d.retrieveUser),
		operation("PATCH", "/users/{id}", d.updateUser),
		operation("DELETE", "/users/{id}", d.deleteUser),
		operation("GET", "/users/{id}/channels", d.listUserChannels),
		operation("GET", "/users/{id}/messages", d.listUserMessages),
		operation("GET", "/users/{id}/messages/unread/count", d.countUserUnreadMessages),
		operation("GET", "/users/{id}/notifications", d.listUserNotifications),
		operation("POST", "/users/{id}/display-picture", d.updateDisplayPicture),
		operation("GET", "/users/{id}/secrets/{name}", d.retrieveUserSecret),
		operation("PUT", "/users/{id}/secrets/{name}", d.setUserSecret),
		operation("DELETE", "/users/{id}/secrets/{name}", d.removeUserSecret),

		operation("GET", "/user-sessions", d.listUserSessions),
		operation("GET", "/user-sessions/{id}", d.retrieveUserSession),
		operation("GET", "/chat-sessions", d.listChatSessions),

		operation("GET", "/channels", d.listChannels),
		operation("POST", "/channels", d.createChannel),
		operation("GET", "/channels/{id}", d.retrieveChannel),
		operation("PATCH", "/channels/{id}", d.updateChannel),
		operation("DELETE", "/channels/{id}", d.deleteChannel),
		operation("GET", "/channels/{id}/members", d.listChannelMembers),
		operation("POST", "/channels/{id}/members", d.addChannelMember),
		operation("GET", "/channels/{id}/members/{user}", d.retrieveChannelMember),
		operation("DELETE", "/channels/{id}/members/{user}", d.removeChannelMember),
		operation("GET", "/channels/{id}/memberships", d.listChannelMemberships),
		operation("GET", "/channels/{id}/participants", d.listChannelParticipants),
		operation("GET", "/channels/{id}/moderators", d.listChannelModerators),
		operation("POST", "/channels/{id}/moderators", d.addChannelModerator),
		operation("DELETE", "/channels/{id}/moderators/{user}", d.removeChannelModerator),
		operation("GET", "/channels/{id}/invites", d.listChannelInvites),
		operation("POST", "/channels/{id}/invites", d.sendChannelInvite),
		operation("POST", "/channels/{id}/events", d.sendChannelEvent),
		operation("POST", "/channels/{id}/keystrokes", d.sendChannelKeystrokes),

		operation("GET", "/channels/{id}/messages", d.listChannelMessages),
		operation("POST", "/channels/{id}/messages", d.sendChannelMessage),
		operation("GET", "/messages", d.listMessages),
		operation("GET", "/messages/{id}", d.retrieveMessage),
		operation("GET", "/messages/{id}/read-receipts", d.listMessageReadReceipts),
		operation("GET", "/messages/{id}/deliveries/{user}", d.explainDelivery),
		operation("PATCH", "/messages/{id}", d.updateMessage),
		operation("DELETE", "/messages/{id}", d.deleteMessage),
		operation("DELETE", "/messages", d.deleteMessages),
		operation("GET", "/channels/{id}/reported-messages", d.listReportedMessages),
		operation("POST", "/imports/users", d.importUsers).importing(),
		operation("POST", "/imports/channels", d.importChannels).importing(),
		operation("POST", "/imports/channels/{id}/members", d.importChannelMembers).importing(),
		operation("POST", "/imports/messages", d.importMessages).importing(),
		operation("POST", "/analytics/messages", d.exportMessages),
		operation("POST", "/analytics/users", d.exportUsers),
		operation("GET", "/jobs", d.listJobs),
		operation("GET", "/jobs/{id}", d.retrieveJob),

		operation("GET", "/runtimes/nodejs", d.retrieveRuntime),
		operation("PUT", "/runtimes/nodejs/dependencies", d.updateDependencies),
		operation("PUT", "/runtimes/nodejs/environment-variables", d.updateVariables),
		operation("PUT", "/runtimes/nodejs/initialization-script", d.updateInitializationScript),
		operation("GET", "/runtimes/nodejs/functions", d.listFunctions),
		operation("POST", "/runtimes/nodejs/functions", d.createFunction),
		operation("GET", "/functions/{id}", d.retrieveFunction),
		operation("GET", "/functions/{id}/versions", d.listFunctionVersions),
		operation("POST", "/functions/{id}/versions", d.createFunctionVersion),
		operation("GET", "/functions/{id}/current-version", d.retrieveFunctionCurrentVersion),
		operation("GET", "/functions/{id}/invocations", d.listFunctionInvocations),
		operation("GET", "/function-versions/{id}", d.retrieveFunctionVersion),
		operation("GET", "/users/{id}/devices", d.listDevices),
		operation("POST", "/users/{id}/devices", d.registerDevice),
		operation("DELETE", "/users/{id}/devices/{device}", d.removeDevice),
		operation("GET", "/users/{id}/push-preferences", d.retrievePushPreferences),
		operation("PUT", "/users/{id}/push-preferences", d.updatePushPreferences),
		operation("POST", "/users/{id}/test-notification", d.testNotification),
		operation("GET", "/application/push-credentials", d.listPushCredentials),
		operation("PUT", "/application/push-credentials/{name}", d.setPushCredentials),
		operation("DELETE", "/application/push-credentials/{name}", d.removePushCredentials),

		operation("GET", "/threads/{id}", d.retrieveThread),
		operation("GET", "/threads/{id}/messages", d.listThreadMessages),
		operation("POST", "/threads/{id}/messages", d.sendThreadMessage),
		operation("POST", "/threads/{id}/keystrokes", d.sendThreadKeystrokes),
	}
}

// route is one row: an operation of the API, which needs a token, or something
// open to everybody.
type route struct {
	method string
	path   string
	bases  bases
	// One of the two is set.
	handle handler
	open   http.HandlerFunc
	// imports tells that forms bring a file that is imported.
	imports bool
}

func operation(method, path string, h handler) route {
	return route{method: method, path: path, bases: everywhere, handle: h}
}

func open(method, path string, h http.HandlerFunc) route {
	return route{method: method, path: path, bases: everywhere, open: h}
}

func (r route) under(b bases) route {
	r.bases = b
	return r
}

func (r route) importing() route {
	r.imports = true
	return r
}

// files takes in the file of a form, and has the limit of its size.
func (r route) files(d *door) *files.Files {
	if r.imports {
		return d.Imports.Files
	}
	return d.Files
}
