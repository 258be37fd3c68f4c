package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// REST is a bare client of the Platform API, for requests that no SDK makes
// and for load.
type REST struct {
	t      testing.TB
	url    string
	token  string
	client http.Client
}

// NewREST gets a token for the application.
func (s *Server) NewREST(application Application) *REST {
	s.t.Helper()
	rest := &REST{t: s.t, url: s.URL(), client: http.Client{Transport: s.httpPool, Timeout: Patience}}
	form := url.Values{"grant_type": {"client_credentials"}}
	request, err := http.NewRequest(http.MethodPost, s.URL()+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(application.ClientID, application.ClientSecret)
	status, body, err := rest.roundTrip(request)
	if err != nil || status != http.StatusOK {
		s.t.Fatalf("no token: status %d, %v, %s", status, err, body)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &token); err != nil || token.AccessToken == "" {
		s.t.Fatalf("no token in %s", body)
	}
	rest.token = token.AccessToken
	return rest
}

func (r *REST) roundTrip(request *http.Request) (int, []byte, error) {
	response, err := r.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// Try makes a request below /v1. A nil body is none; a string is sent as it
// is, anything else as JSON. Headers come in pairs.
func (r *REST) Try(method, path string, body any, headers ...string) (int, []byte, error) {
	var content io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, r.url+"/v1"+path, content)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return r.roundTrip(request)
}

// Must makes a request that has to succeed and decodes its answer.
func (r *REST) Must(into any, method, path string, body any, headers ...string) {
	r.t.Helper()
	status, answer, err := r.Try(method, path, body, headers...)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	if status/100 != 2 {
		r.t.Fatalf("%s %s: status %d: %s", method, path, status, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			r.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

// Status makes a request and returns its status. The answer must be JSON
// whenever there is one.
func (r *REST) Status(method, path string, body any) int {
	r.t.Helper()
	status, answer, err := r.Try(method, path, body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	if len(answer) > 0 && !json.Valid(answer) {
		r.t.Fatalf("%s %s: status %d with something else than JSON: %s", method, path, status, answer)
	}
	return status
}

// CreateChannel creates a channel with members, who are named.
func (r *REST) CreateChannel(kind, name string, members ...string) Channel {
	r.t.Helper()
	wanted := map[string]any{"type": kind, "name": name}
	if len(members) > 0 {
		var references []any
		for _, member := range members {
			references = append(references, map[string]string{"username": member})
		}
		wanted["members"] = references
	}
	var channel Channel
	r.Must(&channel, http.MethodPost, "/channels", wanted)
	return channel
}

// CreateUser creates a user who may start sessions without authentication.
func (r *REST) CreateUser(name string) User {
	r.t.Helper()
	var user User
	r.Must(&user, http.MethodPost, "/users", map[string]any{"name": name, "displayName": name, "isGuest": true})
	return user
}

// SendMessage sends a text message, as a user or, without a name, as the
// system.
func (r *REST) SendMessage(channelID int64, username, body string, headers ...string) Message {
	r.t.Helper()
	var message Message
	r.Must(&message, http.MethodPost, fmt.Sprintf("/channels/%d/messages", channelID), textMessage(username, body), headers...)
	return message
}

// TrySendMessage is SendMessage for load: it repeats the request under one
// idempotency key until the server has answered it or patience ends.
func (r *REST) TrySendMessage(channelID int64, username, body, key string) (Message, error) {
	path := fmt.Sprintf("/channels/%d/messages", channelID)
	deadline := time.Now().Add(ReconnectPatience)
	for {
		status, answer, err := r.Try(http.MethodPost, path, textMessage(username, body), "Idempotency-Key", key)
		if err == nil && status/100 == 2 {
			var message Message
			return message, json.Unmarshal(answer, &message)
		}
		if err == nil && status/100 == 4 && status != http.StatusTooManyRequests {
			return Message{}, fmt.Errorf("POST %s: status %d: %s", path, status, answer)
		}
		if time.Now().After(deadline) {
			return Message{}, fmt.Errorf("POST %s: status %d: %s: %w", path, status, answer, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func textMessage(username, body string) map[string]any {
	message := map[string]any{"type": "TEXT", "body": body}
	if username != "" {
		message["user"] = map[string]string{"username": username}
	}
	return message
}

// History reads all messages of a channel, oldest first, following the links
// from page to page.
func (r *REST) History(channelID int64) []Message {
	r.t.Helper()
	var all []Message
	next := fmt.Sprintf("/channels/%d/messages?size=100", channelID)
	for next != "" {
		var page struct {
			Embedded struct {
				Messages []Message `json:"messages"`
			} `json:"_embedded"`
			Links map[string]struct {
				Href string `json:"href"`
			} `json:"_links"`
		}
		r.Must(&page, http.MethodGet, next, nil)
		all = append(all, page.Embedded.Messages...)
		next = r.relative(page.Links["next"].Href)
		if next != "" && len(page.Embedded.Messages) == 0 {
			r.t.Fatal("an empty page announces a next one")
		}
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// relative turns a link of an answer into a path below /v1.
func (r *REST) relative(href string) string {
	if href == "" {
		return ""
	}
	link, err := url.Parse(href)
	if err != nil {
		r.t.Fatalf("link %q: %v", href, err)
	}
	return strings.TrimPrefix(link.RequestURI(), "/v1")
}
