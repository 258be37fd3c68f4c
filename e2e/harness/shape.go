package harness

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Shape is what a resource of the Platform API must look like: the type of each
// member by its older spelling, with a question mark where it may be absent.
// What it does not name may be there all the same.
type Shape map[string]any

// Kind is the type of a member that is no resource.
type Kind string

// The kinds.
const (
	AnID     Kind = "positive integer"
	ANumber  Kind = "integer"
	AText    Kind = "text"
	ATime    Kind = "date-time"
	AFlag    Kind = "boolean"
	AnObject Kind = "object"
	AList    Kind = "list"
)

// ListOf is a list of resources.
type ListOf struct{ Shape Shape }

// OneOf is a text out of some.
type OneOf []string

// Shapes of resources, as the published types have them.
var (
	UserShape = Shape{
		"id": AnID, "type": OneOf{"PERSON", "BOT"}, "name": AText, "displayName": AText, "displayPictureUrl": AText, "isGuest": AFlag,
		"presence": Shape{"online": AFlag, "status": AText}, "callStatus?": OneOf{"AVAILABLE", "IN_CALL"}, "properties": AnObject,
	}
	MessageShape = Shape{
		"id": AnID, "type": OneOf{"TEXT", "FILE", "SYSTEM_TEXT", "SYSTEM_FILE"}, "channelId": AnID, "createdTime": ATime, "nestedLevel": ANumber,
		"properties": AnObject, "body?": AText, "user?": UserShape, "groupTag?": AText, "lastEditedTime?": ATime, "repliesCount?": ANumber,
		"file?": Shape{"type": OneOf{"HOSTED", "EXTERNAL"}, "url": AText, "name": AText, "contentType": AText, "size": ANumber},
	}
	ChannelShape = Shape{
		"id": AnID, "type": OneOf{"DIRECT", "PUBLIC", "PRIVATE"}, "createdTime": ATime, "properties": AnObject, "creator?": UserShape,
		"name?": AText, "displayName?": AText, "lastReceivedMessage?": MessageShape, "members?": ListOf{UserShape},
	}
	ThreadShape = Shape{
		"id": AnID, "type": OneOf{"MAIN", "STANDALONE", "MESSAGE"}, "createdTime": ATime, "properties": AnObject, "name?": AText,
	}
	ApplicationShape = Shape{"id": AnID, "key": AText, "createdTime": ATime, "properties": AnObject}
	DatedShape       = Shape{"createdTime": ATime} // memberships and invitations
	EventShape       = Shape{"type": AText, "properties": AnObject, "user?": UserShape}
	KeystrokesShape  = Shape{"keys": AText, "username": AText}
	ReceiptShape     = Shape{"createdTime": ATime, "user": UserShape}
	CountShape       = Shape{"count": ANumber}
	SummaryShape     = Shape{"channel": ChannelShape, "user": UserShape, "count": ANumber}
	UserSessionShape = Shape{
		"id": AnID, "createdTime": ATime, "state": OneOf{"ACTIVE", "ENDED"}, "endTime?": ATime, "user": UserShape, "userAgent?": AText,
	}
	ChatSessionShape = Shape{
		"id": AnID, "createdTime": ATime, "state": OneOf{"ACTIVE", "ENDED"}, "endTime?": ATime, "session": UserSessionShape,
	}
)

// PageShape is a numbered page of a list.
func PageShape(name string, item Shape) Shape {
	return Shape{
		"_embedded": Shape{name: ListOf{item}}, "_links": AnObject,
		"page": Shape{"size": ANumber, "number": ANumber, "totalElements": ANumber, "totalPages": ANumber},
	}
}

// CursorShape is a page of a list that is read by cursors. The newer SDK's
// pages have a total.
func (p *PlatformClient) CursorShape(name string, item Shape) Shape {
	page := Shape{"size": ANumber, "start?": AText, "next?": AText}
	if p.sdk == PlatformNew {
		page["total"] = ANumber
	}
	return Shape{"_embedded": Shape{name: ListOf{item}}, "_links": AnObject, "page": page}
}

// Is checks the data of an answer against a shape and decodes it.
func (p *PlatformClient) Is(shape Shape, into any, group, method string, args ...any) Answer {
	p.t.Helper()
	answer := p.Must(into, group, method, args...)
	var value any
	if err := json.Unmarshal(answer.Data, &value); err != nil {
		p.t.Fatalf("%s.%s: %v in %s", group, method, err, answer.Data)
	}
	for _, fault := range p.faults("", shape, value) {
		p.t.Errorf("%s: %s.%s: %s in %s", p, group, method, fault, answer.Data)
	}
	return answer
}

// faults lists what is wrong with a value.
func (p *PlatformClient) faults(at string, want, value any) (faults []string) {
	switch want := want.(type) {
	case Shape:
		members, ok := value.(map[string]any)
		if !ok {
			return []string{at + " is no object"}
		}
		for name, kind := range want {
			name, optional := strings.CutSuffix(name, "?")
			if name != "isGuest" { // the one member that is never respelled
				name = p.Member(name)
			}
			member, there := members[name]
			if !there {
				if !optional {
					faults = append(faults, at+"."+name+" is missing")
				}
				continue
			}
			faults = append(faults, p.faults(at+"."+name, kind, member)...)
		}
	case ListOf:
		items, ok := value.([]any)
		if !ok {
			return []string{at + " is no list"}
		}
		for i, item := range items {
			faults = append(faults, p.faults(fmt.Sprint(at, "[", i, "]"), want.Shape, item)...)
		}
	case OneOf:
		if text, ok := value.(string); !ok || !slices.Contains(want, text) {
			faults = append(faults, fmt.Sprint(at, " is none of ", want))
		}
	case Kind:
		if !want.fits(value) {
			faults = append(faults, fmt.Sprint(at, " is no ", want))
		}
	}
	return faults
}

func (k Kind) fits(value any) bool {
	switch k {
	case AnID, ANumber:
		n, ok := value.(float64)
		return ok && n == float64(int64(n)) && (k == ANumber || (n > 0 && n < 1<<53))
	case AText:
		_, ok := value.(string)
		return ok
	case ATime:
		text, _ := value.(string)
		_, err := time.Parse(time.RFC3339, text)
		return err == nil && strings.HasSuffix(text, "Z")
	case AFlag:
		_, ok := value.(bool)
		return ok
	case AnObject:
		_, ok := value.(map[string]any)
		return ok
	case AList:
		_, ok := value.([]any)
		return ok
	}
	return false
}
