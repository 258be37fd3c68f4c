package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

// PlatformSDK is a published SDK for the Platform API.
type PlatformSDK string

// The platform SDKs, by the names of the API reference.
const (
	// PlatformNew is chatkitty 2.106.8: paths without a version, members in
	// snake_case.
	PlatformNew PlatformSDK = "N"
	// PlatformOld is chatkitty-platform-sdk 2.4.0: paths under /v1, members in
	// camelCase.
	PlatformOld PlatformSDK = "P"
)

// PlatformClient is a back end that uses a platform SDK.
type PlatformClient struct {
	t    testing.TB
	node *Node
	ref  Ref
	sdk  PlatformSDK
}

// Answer is an HTTP answer as the SDK hands it to the back end.
type Answer struct {
	Status      int             `json:"status"`
	ContentType string          `json:"contentType"`
	Data        json.RawMessage `json:"data"`
}

// NewPlatform creates a platform SDK client.
func (n *Node) NewPlatform(sdk PlatformSDK, server *Server, application Application) *PlatformClient {
	n.t.Helper()
	created, err := n.begin("new platform", map[string]any{
		"op": "platform", "sdk": sdk, "url": server.URL(),
		"clientId": application.ClientID, "clientSecret": application.ClientSecret,
	}).Wait(Patience)
	if err != nil {
		n.t.Fatal(err)
	}
	return &PlatformClient{t: n.t, node: n, ref: created.Ref, sdk: sdk}
}

// Try calls a method of one of the SDK's groups, such as "Channels". A refusal
// is a *Failure with the HTTP status.
func (p *PlatformClient) Try(group, method string, args ...any) (Answer, error) {
	if p.sdk == PlatformNew {
		group += "Api"
	}
	var answer Answer
	result, err := p.node.call(string(p.sdk)+"."+group, p.ref.Part(group), method, args...).Wait(Patience)
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(result.JSON, &answer)
}

// Must calls a method that has to succeed and decodes the data of its answer.
func (p *PlatformClient) Must(into any, group, method string, args ...any) Answer {
	p.t.Helper()
	answer, err := p.Try(group, method, args...)
	if err != nil {
		p.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(answer.Data, into); err != nil {
			p.t.Fatalf("%s.%s: %v in %s", group, method, err, answer.Data)
		}
	}
	return answer
}

// StatusOf calls a method that has to be refused and returns the status.
func (p *PlatformClient) StatusOf(group, method string, args ...any) int {
	p.t.Helper()
	answer, err := p.Try(group, method, args...)
	if err == nil {
		p.t.Fatalf("%s.%s succeeded: %s", group, method, answer.Data)
	}
	var failure *Failure
	if !errors.As(err, &failure) || failure.Status == 0 {
		p.t.Fatal(err)
	}
	return failure.Status
}

// Named tells whether this is the SDK of that name.
func (p *PlatformClient) Named(sdk PlatformSDK) bool { return p.sdk == sdk }

// Members returns an object with its member names spelled as this SDK spells
// them. Tests write them as the older SDK does.
func (p *PlatformClient) Members(object map[string]any) map[string]any {
	if p.sdk != PlatformNew {
		return object
	}
	spelled := map[string]any{}
	for name, value := range object {
		spelled[p.Member(name)] = value
	}
	return spelled
}

// Member spells one member name.
func (p *PlatformClient) Member(name string) string {
	if p.sdk != PlatformNew {
		return name
	}
	var spelled []rune
	for _, letter := range name {
		if letter >= 'A' && letter <= 'Z' {
			spelled = append(spelled, '_', letter-'A'+'a')
			continue
		}
		spelled = append(spelled, letter)
	}
	return string(spelled)
}

// Text reads a text member of a JSON object by its older spelling.
func (p *PlatformClient) Text(object json.RawMessage, name string) string {
	p.t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		p.t.Fatalf("%v in %s", err, object)
	}
	var text string
	if err := json.Unmarshal(members[p.Member(name)], &text); err != nil {
		p.t.Fatalf("%s: no text member %s in %s", p.sdk, p.Member(name), object)
	}
	return text
}

// String names the SDK.
func (p *PlatformClient) String() string { return fmt.Sprintf("platform SDK %s", p.sdk) }
