package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

// job is a job as a back end sees it.
type job struct {
	ID       int64  `json:"id"`
	Type     string `json:"type"`
	State    string `json:"state"`
	File     string `json:"file"`
	Progress struct {
		Processed int64 `json:"processed"`
		Skipped   int64 `json:"skipped"`
		Failed    int64 `json:"failed"`
	} `json:"progress"`
	Failures []struct {
		Index int64  `json:"index"`
		Error string `json:"error"`
		Field string `json:"field"`
	} `json:"failures"`
}

func (j job) ended() bool { return j.State == "FINISHED" || j.State == "FAILED" }

func (j job) String() string {
	text := fmt.Sprintf("%s %s %d %d %d", j.Type, j.State, j.Progress.Processed, j.Progress.Skipped, j.Progress.Failed)
	for _, f := range j.Failures {
		text += fmt.Sprintf(" %d:%s:%s", f.Index, f.Error, f.Field)
	}
	return text
}

// awaitJob asks for a job until it has ended.
func awaitJob(t *testing.T, ask func(*job)) job {
	t.Helper()
	// A job that a crash left behind waits until its lease has run out.
	for deadline := time.Now().Add(2 * harness.ReconnectPatience); ; {
		var j job
		ask(&j)
		if j.ended() {
			return j
		}
		if time.Now().After(deadline) {
			t.Fatalf("the job does not end: %s", j)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// importFiles are the forms in which back ends hand files to their SDK.
func importFiles(t *testing.T, sdk harness.PlatformSDK, text string) []map[string]any {
	t.Helper()
	if sdk == harness.PlatformNew {
		return []map[string]any{browserFile("import.json", "application/json", text)}
	}
	path := filepath.Join(t.TempDir(), "import.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []map[string]any{{"$bytes": text}, {"$path": path}}
}

// A back end moves in: users, channels, members and messages from elsewhere. It
// watches the jobs, and what it brings twice is there once. Whoever is online
// while history comes in is not told of it and finds it read.
func TestBackEndImports(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		for _, sdk := range platformSDKs {
			t.Run(string(sdk), func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, engine)
				backend := p.node.NewPlatform(sdk, p.Server, p.Application)
				load := func(what, text string, args ...any) (last job) {
					t.Helper()
					for _, file := range importFiles(t, sdk, text) {
						answer := backend.Must(nil, "Imports", what, append(slices.Clone(args), file)...)
						if answer.Status != http.StatusAccepted {
							t.Errorf("%s: status %d", what, answer.Status)
						}
						last = awaitJob(t, func(j *job) { backend.Must(j, "Jobs", "retrieveJob", idOf(t, answer)) })
					}
					return last
				}
				skipped := 0 // the older SDK brings everything twice
				if sdk == harness.PlatformOld {
					skipped = 1
				}
				if j := load("importUsers", `[{"name":"alice","displayName":"Alice","isGuest":true,"properties":{}},{"name":"bob","display_name":"Bob","guest":true},{"name":5}]`); j.String() != fmt.Sprintf("USER_IMPORT FAILED 3 %d 1 2:InvalidRequestError:name", 2*skipped) {
					t.Errorf("users: %s", j)
				}
				if j := load("importChannels", `[{"type":"PRIVATE","name":"room","displayName":"Room","members":["alice"],"creator":"alice"},{"type":"DIRECT","members":["alice","bob"]}]`); j.String() != fmt.Sprintf("CHANNEL_IMPORT FINISHED 2 %d 0", 2*skipped) {
					t.Errorf("channels: %s", j)
				}
				bob := p.start(harness.Core, "bob")
				room := p.rest.CreateChannel("PRIVATE", "room")
				if j := load("importChannelMembers", `[{"username":"bob","idempotencyKey":"b"}]`, room.ID); j.String() != fmt.Sprintf("CHANNEL_MEMBERS_IMPORT FINISHED 1 %d 0", skipped) {
					t.Errorf("members: %s", j)
				}
				his := bob.StartChatSession(bob.RetrieveChannel(room.ID), harness.OnMessage)
				text := fmt.Sprintf(`[{"type":"TEXT","channelId":%d,"body":"one","user":"alice","idempotencyKey":"1","createdTime":"2020-02-03T04:05:06Z"},
					{"type":"SYSTEM_TEXT","channel_id":%d,"body":"two","idempotency_key":"2"}]`, room.ID, room.ID)
				if j := load("importMessages", text); j.String() != fmt.Sprintf("MESSAGE_IMPORT FINISHED 2 %d 0", 2*skipped) {
					t.Errorf("messages: %s", j)
				}
				p.rest.SendMessage(room.ID, "alice", "live")
				if heard := harness.BodiesOf(t, his.Messages().Await(t, 1)); !slices.Equal(heard, []string{"live"}) {
					t.Errorf("bob heard %q", heard)
				}
				if bodies := restBodies(p.rest.History(room.ID)); !slices.Equal(bodies, []string{"one", "two", "live"}) {
					t.Errorf("the room says %q", bodies)
				}
				if n := bob.Must("countUnreadMessages").JSON; !strings.Contains(string(n), `"count":1`) {
					t.Errorf("unread by bob: %s", n)
				}
				answer := backend.Must(nil, "Jobs", "listJobs", 0, 25, nil, true)
				if running := embeddedIDs(t, answer.Data, "jobs"); len(running) != 0 {
					t.Errorf("running: %v", running)
				}
				answer = backend.Must(nil, "Jobs", "listJobs")
				if all := embeddedIDs(t, answer.Data, "jobs"); len(all) != 4*(1+skipped) || !slices.IsSorted(all) {
					t.Errorf("jobs: %v", all)
				}
				for what, args := range map[string][]any{"importUsers": {importFiles(t, sdk, `{"a":1}`)[0]}, "importMessages": {importFiles(t, sdk, `oh`)[0]}} {
					if status := backend.StatusOf("Imports", what, args...); status != http.StatusBadRequest {
						t.Errorf("%s of what is no array: %d", what, status)
					}
				}
				if status := backend.StatusOf("Imports", "importChannelMembers", 1, importFiles(t, sdk, `[]`)[0]); status != http.StatusNotFound {
					t.Errorf("members of an unknown channel: %d", status)
				}
				if status := backend.StatusOf("Jobs", "retrieveJob", 1); status != http.StatusNotFound {
					t.Errorf("an unknown job: %d", status)
				}
			})
		}
	})
}

// A back end takes everything out again. Only the newer SDK has the methods.
func TestBackEndExports(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		backend := p.node.NewPlatform(harness.PlatformNew, p.Server, p.Application)
		p.rest.CreateUser("alice")
		room := p.rest.CreateChannel("PUBLIC", "room", "alice")
		p.rest.SendMessage(room.ID, "alice", "one")
		p.rest.SendMessage(room.ID, "", "two")
		for method, want := range map[string]string{"exportMessageAnalytics": "one two", "exportUserAnalytics": "alice"} {
			var started job
			if answer := backend.Must(&started, "Analytics", method); answer.Status != http.StatusAccepted || started.Type != "MESSAGE_ANALYTICS_EXPORT" {
				t.Errorf("%s: %d %s", method, answer.Status, answer.Data)
			}
			ended := awaitJob(t, func(j *job) { backend.Must(j, "Jobs", "retrieveJob", started.ID) })
			status, text, _ := fetch(t, ended.File)
			var list []struct{ Body, Name string }
			if err := json.Unmarshal([]byte(text), &list); err != nil || status != http.StatusOK {
				t.Fatalf("%s: %d, %v in %s", ended.File, status, err, text)
			}
			var got []string
			for _, item := range list {
				got = append(got, item.Body+item.Name)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %q, want %q", method, got, want)
			}
			bare, _, _ := strings.Cut(ended.File, "?")
			if status, _, _ := fetch(t, bare); status != http.StatusForbidden {
				t.Errorf("%s without a grant: %d", method, status)
			}
		}
	})
}

// The power fails in the middle of an import, more than once. After the last
// restart there is every row, once, in order, as if nothing had been.
func TestImportSurvivesCrashes(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		const n, crashes = 40_000, 2
		p := newPlace(t, engine)
		p.rest.CreateUser("alice")
		p.rest.CreateUser("bob")
		room := p.rest.CreateChannel("PRIVATE", "room", "alice", "bob")
		before := p.rest.SendMessage(room.ID, "alice", "before")
		var text strings.Builder
		sign := '['
		for k := range n {
			// Half of them have a key, for the other half the place in the file must do.
			key := ""
			if k%2 == 0 {
				key = fmt.Sprintf(`"idempotencyKey":"k%d",`, k)
			}
			fmt.Fprintf(&text, `%c{%s"type":"TEXT","channelId":%d,"user":"alice","body":"m%d"}`, sign, key, room.ID, k)
			sign = ','
		}
		started := p.importText("/imports/messages", text.String()+"]")
		ask := func(j *job) { p.rest.Must(j, http.MethodGet, fmt.Sprintf("/jobs/%d", started.ID), nil) }
		var at int64
		for range crashes {
			for {
				var j job
				if ask(&j); j.ended() {
					t.Fatalf("it has ended before the crash: %s", j)
				}
				if j.Progress.Processed > at {
					at = j.Progress.Processed
					break
				}
				<-time.After(5 * time.Millisecond)
			}
			p.Kill()
			p.Start()
		}
		if j := awaitJob(t, ask); j.String() != fmt.Sprintf("MESSAGE_IMPORT FINISHED %d 0 0", n) {
			t.Errorf("at the end: %s", j)
		}
		rows := p.OpenDatabase().Rows(harness.CurrentSchema().MessageSequences, room.ID)
		if len(rows) != n+1 {
			t.Errorf("%d messages, want %d", len(rows), n+1)
		}
		checkSequence(t, p, room.ID, n+1)
		bodies := restBodies(p.rest.History(room.ID))
		if bodies[0] != before.Body {
			t.Errorf("the first is %q", bodies[0])
		}
		for k, body := range bodies[1:] {
			if body != fmt.Sprintf("m%d", k) {
				t.Fatalf("message %d is %q", k, body)
			}
		}
		// Bob has what was said before, and the history behind it, unread.
		bob := p.start(harness.Core, "bob")
		if count := bob.Must("countUnreadMessages").JSON; !strings.Contains(string(count), fmt.Sprintf(`"count":%d`, n+1)) {
			t.Errorf("unread by bob: %s", count)
		}
	})
}

// importText starts an import without an SDK.
func (p place) importText(path, text string) (j job) {
	const boundary = "a-boundary"
	body := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n" + text + "\r\n--" + boundary + "--\r\n"
	p.rest.Must(&j, http.MethodPost, path, body, "Content-Type", "multipart/form-data; boundary="+boundary)
	return j
}

// A back end searches in what was said and in what it has imported, by any part
// of a text in any script.
func TestBackEndSearch(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		p.rest.CreateUser("alice")
		room := p.rest.CreateChannel("PRIVATE", "room", "alice")
		started := p.importText("/imports/messages", fmt.Sprintf(`[{"type":"TEXT","channelId":%d,"user":"alice","body":"alte Grüße 北京"}]`, room.ID))
		awaitJob(t, func(j *job) { p.rest.Must(j, http.MethodGet, fmt.Sprintf("/jobs/%d", started.ID), nil) })
		p.rest.SendMessage(room.ID, "alice", "neue GRÜSSE, neue Grüße 🎉")
		edited := p.rest.SendMessage(room.ID, "alice", "100% sicher")
		for range 30 {
			p.rest.SendMessage(room.ID, "", "noise")
		}
		search := func(query string) string {
			t.Helper()
			left := map[string]any{"$undefined": true}
			var page struct {
				Embedded struct {
					Messages []harness.Message `json:"messages"`
				} `json:"_embedded"`
			}
			backend.Must(&page, "Messages", "listMessages", 10, left, left, left, left, query)
			return strings.Join(restBodies(page.Embedded.Messages), "|")
		}
		for query, want := range map[string]string{
			"grüße": "neue GRÜSSE, neue Grüße 🎉|alte Grüße 北京", "京": "alte Grüße 北京", "🎉": "neue GRÜSSE, neue Grüße 🎉", "0%": "100% sicher",
			"\" OR *": "", "isy": "", "nois": strings.Repeat("noise|", 9) + "noise",
		} {
			if found := search(query); found != want {
				t.Errorf("%q finds %q, want %q", query, found, want)
			}
		}
		p.rest.Must(nil, http.MethodPatch, fmt.Sprintf("/messages/%d", edited.ID), map[string]any{"body": "unsicher"})
		if found := search("100%") + search("unsich"); found != "unsicher" {
			t.Errorf("after an edit: %q", found)
		}
		p.rest.Must(nil, http.MethodDelete, fmt.Sprintf("/messages/%d", edited.ID), nil)
		p.Server.Stop()
		p.Server.Start()
		if found := search("unsich") + search("alte"); found != "alte Grüße 北京" {
			t.Errorf("after a deletion and a restart: %q", found)
		}
	})
}
