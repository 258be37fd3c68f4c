package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Spelling is how member names are written.
type Spelling uint8

// The spellings (platform-api A.5).
const (
	// Camel is displayName.
	Camel Spelling = iota
	// Snake is display_name.
	Snake
)

// Links is which links an entity carries.
type Links uint8

// The kinds of links.
const (
	// NoLinks is for entities inside others on the Platform API.
	NoLinks Links = iota
	// HAL is _links with absolute URLs, for the Platform API.
	HAL
	// Client is _relays, _topics, _actions and _streams, for the client
	// protocol; entities inside others carry them too.
	Client
)

// Style says how entities are written.
type Style struct {
	// Base is the public URL of the server without a slash at its end.
	Base string
	// Tenant is the application that _links lead into.
	Tenant   chat.ApplicationID
	Spelling Spelling
	Links    Links
}

// inner is the style of entities inside others: on the Platform API these
// carry no links.
func (s Style) inner() Style {
	if s.Links == HAL {
		s.Links = NoLinks
	}
	return s
}

// member is a member name in both spellings, with quotes and colon.
type member struct{ camel, snake string }

func named(camel, snake string) member {
	return member{`"` + camel + `":`, `"` + snake + `":`}
}

var (
	displayName         = named("displayName", "display_name")
	displayPictureURL   = named("displayPictureUrl", "display_picture_url")
	callStatus          = named("callStatus", "call_status")
	createdTime         = named("createdTime", "created_time")
	endedTime           = named("endedTime", "ended_time")
	lastReceivedMessage = named("lastReceivedMessage", "last_received_message")
	contentType         = named("contentType", "content_type")
	channelID           = named("channelId", "channel_id")
	groupTag            = named("groupTag", "group_tag")
	lastEditedTime      = named("lastEditedTime", "last_edited_time")
	startPosition       = named("startPosition", "start_position")
	endPosition         = named("endPosition", "end_position")
	nestedLevel         = named("nestedLevel", "nested_level")
	repliesCount        = named("repliesCount", "replies_count")
	userAgent           = named("userAgent", "user_agent")
	endTime             = named("endTime", "end_time")
	currentVersion      = named("currentVersionNumber", "current_version_number")
	defaultDependency   = named("defaultDependency", "default_dependency")
	variables           = named("environmentVariables", "environment_variables")
	handlerScript       = named("handlerScript", "handler_script")
	initialization      = named("initializationScript", "initialization_script")
	versionNumber       = named("versionNumber", "version_number")
	guestUsers          = named("guestUsers", "guest_users")
	readOnDelivery      = named("readOnDelivery", "read_on_delivery")
	linkPreviews        = named("linkPreviews", "link_previews")
	siteName            = named("siteName", "site_name")
	totalElements       = named("totalElements", "total_elements")
	totalPages          = named("totalPages", "total_pages")
	registeredTime      = named("registeredTime", "registered_time")
	quietHours          = named("quietHours", "quiet_hours")
	timeZone            = named("timeZone", "time_zone")
	publicKey           = named("publicKey", "public_key")
	projectID           = named("projectId", "project_id")
	clientEmail         = named("clientEmail", "client_email")
	keyID               = named("keyId", "key_id")
	teamID              = named("teamId", "team_id")
	userCreatedChannels = named("userCreatedChannels", "user_created_channels")
)

// name appends a member name after a comma.
func (s Style) name(dst []byte, m member) []byte {
	return s.spell(append(dst, ','), m)
}

// first opens an object with its first member name.
func (s Style) first(dst []byte, m member) []byte {
	return s.spell(append(dst, '{'), m)
}

func (s Style) spell(dst []byte, m member) []byte {
	if s.Spelling == Snake {
		return append(dst, m.snake...)
	}
	return append(dst, m.camel...)
}

// template is a text with places for an identifier.
type template []string

// pieces cuts a text at each {id}.
func pieces(text string) template {
	const mark = "{id}"
	var t template
	for {
		i := indexOf(text, mark)
		if i < 0 {
			return append(t, text)
		}
		t = append(t, text[:i])
		text = text[i+len(mark):]
	}
}

func indexOf(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i:i+len(sub)] == sub {
			return i
		}
	}
	return -1
}

// append writes the text with the identifier in its places.
func (t template) append(dst []byte, id int64) []byte {
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], id, 10)
	for i, piece := range t {
		if i > 0 {
			dst = append(dst, text...)
		}
		dst = append(dst, piece...)
	}
	return dst
}
