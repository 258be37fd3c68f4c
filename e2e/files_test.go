package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// shared is a file message as an application sees one.
type shared struct {
	ID         int64           `json:"id"`
	Type       string          `json:"type"`
	Body       *string         `json:"body"`
	GroupTag   string          `json:"groupTag"`
	Properties json.RawMessage `json:"properties"`
	User       *harness.User   `json:"user"`
	File       struct {
		Type        string `json:"type"`
		URL         string `json:"url"`
		Name        string `json:"name"`
		ContentType string `json:"contentType"`
		Size        int64  `json:"size"`
	} `json:"file"`
}

func sharedIn(t *testing.T, result harness.Result) shared {
	t.Helper()
	var m shared
	if err := result.Part("message", &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// sharedWith gives the first message that a handler is called with.
func sharedWith(t *testing.T, log *harness.Log) shared {
	t.Helper()
	var m shared
	if err := log.Await(t, 1)[0].Decode(0, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// browserFile is a file as an application hands it to an SDK.
func browserFile(name, kind, text string) map[string]any {
	return map[string]any{"$file": map[string]any{"name": name, "type": kind, "text": text}}
}

// fetch downloads from an address.
func fetch(t *testing.T, address string, headers ...string) (int, string, http.Header) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body), response.Header
}

// grantIn is the grant that an SDK has put behind an address.
func grantIn(t *testing.T, address string) (bare, grant string) {
	t.Helper()
	bare, grant, found := strings.Cut(address, "?grant=")
	if !found || grant == "" {
		t.Fatalf("the SDK gave the application the address %s", address)
	}
	return bare, grant
}

// A user uploads a file; everybody in the channel hears of it and can download
// it with the address that his SDK gives him, and nobody else can. Nothing of
// that changes when the server is restarted.
func TestUploadStory(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		// Uploads with the classic SDK fail inside its own HTTP library on Node.
		alice, bob, eve := p.start(harness.Core, "alice"), p.start(sdk, "bob"), p.start(sdk, "eve")
		room := alice.CreateChannel("PRIVATE", map[string]any{"name": "room"})
		p.rest.Must(nil, http.MethodPost, fmt.Sprintf("/channels/%d/members", room.ID), map[string]any{"username": "bob"})
		hers := alice.StartChatSession(room, harness.OnMessage)
		his := bob.StartChatSession(bob.RetrieveChannel(room.ID), harness.OnMessage)

		const text = "0123456789 münchen"
		sent := sharedIn(t, alice.Must("sendMessage", map[string]any{
			"channel": room.Ref, "file": browserFile("a b.txt", "text/plain", text),
			"groupTag": "g1", "properties": map[string]any{"k": 1},
		}))
		if sent.Type != "FILE" || sent.Body != nil || sent.User == nil || sent.User.Name != "alice" || sent.GroupTag != "g1" ||
			string(sent.Properties) != `{"k":1}` || sent.File.Type != "HOSTED" || sent.File.Name != "a b.txt" ||
			sent.File.ContentType != "text/plain" || sent.File.Size != int64(len(text)) {
			t.Errorf("sent: %+v", sent)
		}
		for who, log := range map[string]*harness.Log{"alice": hers.Messages(), "bob": his.Messages()} {
			if heard := sharedWith(t, log); heard.ID != sent.ID || heard.File.Name != "a b.txt" || heard.GroupTag != "g1" {
				t.Errorf("%s heard %+v", who, heard)
			}
		}

		heard := sharedWith(t, his.Messages()).File.URL
		bare, grant := grantIn(t, heard)
		square := eve.CreateChannel("PUBLIC", map[string]any{"name": "square"})
		external := sharedIn(t, eve.Must("sendMessage", map[string]any{
			"channel": square.Ref, "file": map[string]any{"url": "https://files.example/x.png", "name": "x.png", "contentType": "image/png", "size": 3},
		}))
		_, foreign := grantIn(t, external.File.URL)
		check := func(when string) {
			t.Helper()
			if status, body, h := fetch(t, heard); status != 200 || body != text || h.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: status %d, %q, %v", when, status, body, h)
			}
			if status, body, _ := fetch(t, heard, "Range", "bytes=2-4"); status != 206 || body != "234" {
				t.Errorf("%s: a range: status %d, %q", when, status, body)
			}
			for what, address := range map[string]string{
				"no grant": bare, "a foreign grant": bare + "?grant=" + foreign, "a guess": bare + "?grant=" + grant[:len(grant)-1] + "x",
			} {
				if status, _, _ := fetch(t, address); status != 403 {
					t.Errorf("%s: %s: status %d", when, what, status)
				}
			}
		}
		check("at first")
		p.Server.Stop()
		p.Server.Start()
		check("after a restart")
		// The write grant was given before the restart as well.
		again := sharedIn(t, alice.Must("sendMessage", map[string]any{"channel": room.Ref, "file": browserFile("b.txt", "", "again")}))
		if again.File.Name != "b.txt" || again.File.Size != 5 {
			t.Errorf("after a restart: %+v", again)
		}
	})
}

// Files that are elsewhere are sent as they are, and can be listed apart from
// texts.
func TestExternalFileStory(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		lobby := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his := bob.StartChatSession(bob.Enter(lobby.ID), harness.OnMessage)
		const address = "https://files.example/report.pdf"
		file := map[string]any{"url": address, "name": "report.pdf", "contentType": "application/pdf", "size": 123}
		sent := sharedIn(t, alice.Must("sendMessage", map[string]any{"channel": lobby.Ref, "file": file, "groupTag": "g"}))
		for what, m := range map[string]shared{"sent": sent, "heard": sharedWith(t, his.Messages())} {
			bare, _ := grantIn(t, m.File.URL)
			if m.Type != "FILE" || m.Body != nil || m.File.Type != "EXTERNAL" || bare != address || m.File.Name != "report.pdf" ||
				m.File.ContentType != "application/pdf" || m.File.Size != 123 || m.GroupTag != "g" {
				t.Errorf("%s: %+v", what, m)
			}
		}
		alice.SendMessage(lobby, "text")
		for kind, want := range map[string]string{"FILE": "FILE", "TEXT": "TEXT"} {
			result := bob.Must("listMessages", map[string]any{"channel": bob.RetrieveChannel(lobby.ID).Ref, "filter": map[string]any{"type": kind}})
			var page struct {
				Items []shared `json:"items"`
			}
			if err := result.Part("paginator", &page); err != nil {
				t.Fatal(err)
			}
			if len(page.Items) != 1 || page.Items[0].Type != want {
				t.Errorf("%s: %+v", kind, page.Items)
			}
		}
		failure := alice.FailureOf("sendMessage", map[string]any{
			"channel": lobby.Ref, "file": map[string]any{"url": "javascript:alert(1)", "name": "x", "size": 1},
		})
		if failure.Name != "InvalidRequestError" {
			t.Errorf("a script: %v", failure)
		}
	})
}

// A user's picture is an upload or an address, and everybody can fetch it.
func TestDisplayPictureStory(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice := p.start(sdk, "alice")
		picture := func(c *harness.Client, result harness.Result) string {
			t.Helper()
			var user struct {
				Picture string `json:"displayPictureUrl"`
			}
			if err := result.Part("user", &user); err != nil {
				t.Fatal(err)
			}
			return user.Picture
		}
		const address = "https://files.example/me.png"
		file := map[string]any{"url": address, "name": "me.png", "contentType": "image/png", "size": 5}
		if got := picture(alice, alice.Must("updateCurrentUserDisplayPicture", map[string]any{"file": file})); got != address {
			t.Errorf("alice's picture is %s", got)
		}
		if got := picture(alice, alice.Must("retrieveCurrentUser")); got != address {
			t.Errorf("alice's picture is %s afterwards", got)
		}
		// What the SDKs make of a browser's file has no address.
		failure := alice.FailureOf("updateCurrentUserDisplayPicture", map[string]any{"file": map[string]any{}})
		if failure.Name != "InvalidRequestError" {
			t.Errorf("no picture: %v", failure)
		}

		painter := p.start(harness.Core, "carol")
		data := map[string]any{"uri": "data:image/png;base64,iVBORw0KGgo=", "name": "me.png"}
		hosted := picture(painter, painter.Must("updateCurrentUserDisplayPicture", map[string]any{"file": data}))
		if status, body, h := fetch(t, hosted); status != 200 || body != "\x89PNG\r\n\x1a\n" || h.Get("Content-Type") != "image/png" {
			t.Errorf("%s: status %d, %q, %v", hosted, status, body, h)
		}
		p.Server.Stop()
		p.Server.Start()
		if status, _, _ := fetch(t, hosted); status != 200 {
			t.Errorf("after a restart: status %d", status)
		}
	})
}

// Back ends send files by address and as forms.
func TestBackEndFiles(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		reader := p.start(harness.Core, "bob")
		lobby := reader.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		heard := reader.StartChatSession(lobby, harness.OnMessage).Messages()
		file := backend.Members(map[string]any{"url": "https://files.example/a.png", "name": "a.png", "contentType": "image/png", "size": 3})
		answer := backend.Must(nil, "Channels", "sendChannelMessage", lobby.ID, map[string]any{"type": "FILE", "file": file})
		if kind := backend.Text(answer.Data, "type"); kind != "SYSTEM_FILE" {
			t.Errorf("the message has the type %s", kind)
		}
		if m := sharedWith(t, heard); m.Type != "SYSTEM_FILE" || m.User != nil || m.File.ContentType != "image/png" {
			t.Errorf("heard: %+v", m)
		}
		answer = backend.Must(nil, "Users", "updateUserDisplayPicture", reader.CurrentUser().ID, file)
		if url := backend.Text(answer.Data, "displayPictureUrl"); url != "https://files.example/a.png" {
			t.Errorf("the picture is %s", url)
		}
		if status := backend.StatusOf("Users", "updateUserDisplayPicture", reader.CurrentUser().ID, map[string]any{}); status != 400 {
			t.Errorf("no picture: status %d", status)
		}

		// The SDKs have no method for uploads, but hand a form on, the older one
		// without saying what parts it: its HTTP library forgets that.
		form := map[string]any{"$form": map[string]any{
			"file":   map[string]any{"name": "report.txt", "type": "text/plain", "text": "report"},
			"fields": map[string]any{"username": "bob", "groupTag": "g", "properties": `{"k":1}`},
		}}
		headers := map[string]any{"headers": map[string]any{"Content-Type": "multipart/form-data"}}
		answer = backend.Must(nil, "Channels", "sendChannelMessage", lobby.ID, form, headers)
		var m shared
		p.rest.Must(&m, http.MethodGet, fmt.Sprintf("/messages/%d", idOf(t, answer)), nil)
		if m.Type != "FILE" || m.User == nil || m.User.Name != "bob" || m.GroupTag != "g" || m.File.Name != "report.txt" {
			t.Errorf("uploaded: %+v", m)
		}
		picture := map[string]any{"$form": map[string]any{
			"file": map[string]any{"name": "me.png", "type": "image/png", "text": "picture"}, "fields": map[string]any{},
		}}
		answer = backend.Must(nil, "Users", "updateUserDisplayPicture", reader.CurrentUser().ID, picture, headers)
		if status, body, _ := fetch(t, backend.Text(answer.Data, "displayPictureUrl")); status != 200 || body != "picture" {
			t.Errorf("the picture: status %d, %q", status, body)
		}
		var last shared
		if err := heard.Await(t, 2)[1].Decode(0, &last); err != nil {
			t.Fatal(err)
		}
		if status, body, _ := fetch(t, last.File.URL); status != 200 || body != "report" {
			t.Errorf("%s: status %d, %q", last.File.URL, status, body)
		}
	})
}

func idOf(t *testing.T, answer harness.Answer) int64 {
	t.Helper()
	var made identified
	if err := json.Unmarshal(answer.Data, &made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// A file that is too large fails in the SDK with the server's status, and one
// that just fits does not.
func TestLargeFiles(t *testing.T) {
	t.Parallel()
	p := newPlace(t, harness.SQLite)
	alice := p.start(harness.Core, "alice")
	lobby := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
	large := func(mebibytes int) map[string]any {
		return map[string]any{"channel": lobby.Ref, "file": map[string]any{"$file": map[string]any{
			"name": "large.bin", "type": "application/octet-stream", "text": strings.Repeat("x", 1<<20), "times": mebibytes,
		}}}
	}
	if sent := sharedIn(t, alice.Must("sendMessage", large(100))); sent.File.Size != 100<<20 {
		t.Errorf("as large as may be: %+v", sent)
	}
	for _, mebibytes := range []int{101, 130} {
		if failure := alice.FailureOf("sendMessage", large(mebibytes)); !strings.Contains(failure.Message, "413") {
			t.Errorf("%d MiB: %v", mebibytes, failure)
		}
	}
}
