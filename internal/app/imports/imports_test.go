package imports_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/imports"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// desk is a world whose owner imports and exports.
type desk struct {
	*apptest.World
	t *testing.T
}

func each(t *testing.T, fn func(t *testing.T, d desk)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, w *apptest.World) { fn(t, desk{w, t}) })
}

// begin starts a job, of an import with the text as its file.
func (d desk) begin(task chat.Task, channel chat.ChannelID, text string) chat.Job {
	d.t.Helper()
	in := imports.Input{Task: task, Channel: channel}
	if !task.IsExport() {
		f, err := d.Files.Upload(d.t.Context(), d.Owner(), files.UploadInput{Name: "x.json", Bytes: strings.NewReader(text)})
		if err != nil {
			d.t.Fatal(err)
		}
		in.File = f
	}
	j, _, err := d.Imports.Begin(d.t.Context(), d.Owner(), in)
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

// work does the jobs that are due, as a runner does them.
func (d desk) work() {
	d.t.Helper()
	var due []store.Job
	err := d.DB.Update(d.t.Context(), func(tx *store.Tx) (err error) {
		due, err = tx.LeaseJobs(imports.Lane, tx.Now.Add(time.Hour), 100)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, j := range due {
		var w imports.Work
		if err := json.Unmarshal([]byte(j.Payload), &w); err != nil {
			d.t.Fatal(err)
		}
		if err := d.Imports.Run(d.t.Context(), j.Application, w); err != nil {
			d.t.Fatal(err)
		}
		d.finish(j)
	}
}

func (d desk) finish(j store.Job) {
	d.t.Helper()
	if err := d.DB.Update(d.t.Context(), func(tx *store.Tx) error { return tx.FinishJob(j, store.JobFinished, "") }); err != nil {
		d.t.Fatal(err)
	}
}

// do starts a job, has it done, and gives it as it then is.
func (d desk) do(task chat.Task, channel chat.ChannelID, text string) chat.Job {
	d.t.Helper()
	j := d.begin(task, channel, text)
	d.work()
	return d.job(j.ID)
}

func (d desk) job(id chat.JobID) chat.Job {
	d.t.Helper()
	j, err := d.Imports.Retrieve(d.t.Context(), d.Owner(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

// outcome is a job in one line.
func outcome(j chat.Job) string {
	out := fmt.Sprintf("%s %d %d %d", j.State, j.Progress.Processed, j.Progress.Skipped, j.Progress.Failed)
	for _, f := range j.Failures {
		out += fmt.Sprintf(" %d:%s:%s", f.Element, f.Reason, f.Field)
	}
	return out
}

func (d desk) want(what string, j chat.Job, wanted string) {
	d.t.Helper()
	apptest.Want(d.t, what, outcome(j), wanted)
}

// bodies are those of a channel's messages, oldest first.
func (d desk) bodies(c chat.ChannelID) (bodies []string) {
	d.t.Helper()
	cursor := chat.Cursor{Size: 1000}
	for {
		p, err := d.Messages.List(d.t.Context(), d.Owner(), chat.MessageFilter{Channel: c}, cursor)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, m := range p.Items {
			bodies = append(bodies, m.Body)
		}
		if cursor.From = p.Next; p.Next == 0 {
			slices.Reverse(bodies)
			return bodies
		}
	}
}

func (d desk) unread(c chat.Channel, u chat.User) int64 {
	d.t.Helper()
	n, err := d.Messages.Count(d.t.Context(), d.As(u), c.ID, true)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func TestUsersAreImported(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		d.User("ann")
		j := d.do(chat.ImportUsers, 0, `[
			{"name":"bob","displayName":"Bob","isGuest":true,"properties":{"a":1},"idempotencyKey":"k1",
			 "displayPicture":{"url":"https://p.example/b.png","name":"b.png","contentType":"image/png","size":3}},
			{"name":"cem","display_name":"Cem","is_guest":false,"id":7,"created_time":"2020-01-02T03:04:05Z"},
			{"name":"ann","displayName":"Another Ann","guest":true},
			{"name":"dot","displayName":"Dot","idempotencyKey":"k1"},
			{"displayName":"Nobody"}, {"name":"eve"}, {"name":"fay","displayName":5}, {"name":"gus","displayName":"G","guest":"yes"},
			{"name":"hal","displayName":"H","display_name":"I"}, {"name":"ida","displayName":"I","properties":[]},
			{"name":"jim","displayName":"J","displayPicture":{"url":"javascript:x"}}, {"name":"kim","displayName":"K","createdTime":"yesterday"},
			{"name":"lea","displayName":"L","createdTime":"2999-01-01T00:00:00Z"}, {"name":"a\u0000b","displayName":"M"},
			5, null, {broken}, "x", {"name":"zoe","displayName":"Zoe"}
		]`)
		d.want("the job", j, "FAILED 19 2 14 4:InvalidRequestError:name 5:InvalidRequestError:displayName 6:InvalidRequestError:displayName"+
			" 7:InvalidRequestError:guest 8:InvalidRequestError:displayName 9:InvalidRequestError:properties 10:InvalidRequestError:displayPicture.url"+
			" 11:InvalidRequestError:createdTime 12:InvalidRequestError:createdTime 13:InvalidRequestError:name"+
			" 14:InvalidRequestError: 15:InvalidRequestError: 16:InvalidRequestError: 17:InvalidRequestError:")
		p, err := d.Accounts.ListUsers(t.Context(), d.Owner(), chat.UserFilter{}, chat.PageRequest{Size: 100})
		if err != nil {
			t.Fatal(err)
		}
		var users []string
		for _, u := range p.Items {
			users = append(users, fmt.Sprintf("%s/%s/%t/%s/%s/%d", u.Name, u.DisplayName, u.Guest, u.Properties, u.Picture, u.CreatedAt.Year()))
		}
		apptest.Want(t, "the users", strings.Join(users, " "), `ann/ann/false///2026 bob/Bob/true/{"a":1}/https://p.example/b.png/2026 cem/Cem/false///2020 zoe/Zoe/false///2026`)

		// The failed elements can be brought again, mended, under their old keys.
		d.want("again", d.do(chat.ImportUsers, 0, `[{"name":"bobby","displayName":"B","idempotencyKey":"k1"},{"name":"cemil","displayName":"C","idempotency_key":"7"},{"name":"eve","displayName":"Eve"}]`),
			"FINISHED 3 2 0")
	})
}

func TestChannelsAndMembersAreImported(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		ann, bob := d.User("ann"), d.User("bob")
		d.User("cem")
		lobby := d.Channel(chat.Public, "lobby", ann)
		direct := d.Channel(chat.Direct, "", ann, bob)
		j := d.do(chat.ImportChannels, 0, `[
			{"type":"PUBLIC","name":"news","displayName":"News","creator":"ann","members":["bob","bob"],"createdTime":"2019-05-06T07:08:09Z"},
			{"type":"PRIVATE","name":"team","idempotencyKey":"t"}, {"type":"PUBLIC","name":"lobby"}, {"type":"DIRECT","members":["bob","ann"]},
			{"type":"DIRECT","members":["cem","ann"]}, {"type":"PRIVATE","name":"x","members":["nobody"]}, {"type":"PRIVATE","name":"lobby"},
			{"type":"SECRET"}, {"type":"DIRECT"}, {"type":"PUBLIC","name":"y","members":"ann"}, {"type":"PUBLIC","name":"z","creator":{"id":1}}
		]`)
		d.want("channels", j, "FAILED 11 2 6 5:UserNotFoundError: 6:ChannelNameTakenError:name 7:InvalidRequestError:type 8:InvalidRequestError:members"+
			" 9:InvalidRequestError:members 10:InvalidRequestError:creator")
		p, err := d.Channels.List(t.Context(), d.Owner(), chat.ChannelFilter{}, chat.PageRequest{Size: 100})
		if err != nil {
			t.Fatal(err)
		}
		apptest.Want(t, "the number of channels", len(p.Items), 5)
		news := p.Items[2].Channel
		apptest.Want(t, "news", fmt.Sprint(news.Name, news.DisplayName, news.Creator.Name, news.CreatedAt.Year()), "newsNewsann2019")
		d.want("no channel without its members", d.do(chat.ImportChannels, 0, `[{"type":"PRIVATE","name":"x"}]`), "FINISHED 1 0 0")
		d.News()

		j = d.do(chat.ImportMembers, lobby.ID, `[{"username":"bob"},{"username":"ann"},{"username":"nobody"},{},{"username":"cem","idempotencyKey":"c"},{"username":"cem","id":"c"}]`)
		d.want("members", j, "FAILED 6 2 2 2:UserNotFoundError: 3:InvalidRequestError:username")
		apptest.Want(t, "who joins is heard of", d.News(), "member.joined member.joined")
		for what, in := range map[string]imports.Input{
			"ChannelNotInvitableError": {Task: chat.ImportMembers, Channel: direct.ID}, "ChannelNotFoundError": {Task: chat.ImportMembers, Channel: 1},
		} {
			d.Refused(what, apptest.Reason(what), func() error { return d.Imports.Check(t.Context(), d.Owner(), in) })
		}
		d.Refused("a user", chat.ErrForbidden, func() error { return d.Imports.Check(t.Context(), d.As(ann), imports.Input{Task: chat.ImportUsers}) })
	})
}

func TestMessagesAreImported(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		ann, bob, cem := d.User("ann"), d.User("bob"), d.User("cem")
		room, other := d.Channel(chat.Private, "room", ann, bob), d.Channel(chat.Public, "other", cem)
		send := func(a chat.Actor, body string) chat.Message {
			t.Helper()
			sent, err := d.Messages.Send(t.Context(), a, messages.SendInput{Channel: room.ID, Body: body})
			if err != nil {
				t.Fatal(err)
			}
			return sent.Message
		}
		send(d.As(bob), "unread by ann")
		read := send(d.Owner(), "system")
		if err := d.Messages.Read(t.Context(), d.As(bob), read.ID); err != nil {
			t.Fatal(err)
		}
		d.News()
		text := strings.NewReplacer("ROOM", fmt.Sprint(room.ID), "OTHER", fmt.Sprint(other.ID)).Replace(`[
			{"type":"TEXT","channelId":ROOM,"body":"one <@bob> https://a.example","user":"ann","createdTime":"2001-02-03T04:05:06.789Z","idempotencyKey":"1","groupTag":"g","properties":{"k":1}},
			{"type":"SYSTEM_TEXT","channel_id":ROOM,"body":"two","idempotency_key":"2"},
			{"type":"TEXT","channelId":OTHER,"body":"three","user":"ann"},
			{"type":"TEXT","channelId":ROOM,"body":"nobody's","user":"nobody","id":"4"},
			{"type":"TEXT","channelId":ROOM,"body":"four","user":"bob","id":"4"},
			{"type":"TEXT","channelId":ROOM,"body":"four again","user":"bob","id":"4"},
			{"type":"TEXT","channelId":1,"body":"x"}, {"type":"FILE","channelId":ROOM}, {"type":"TEXT","channelId":"ROOM","body":"x"},
			{"type":"TEXT","channelId":ROOM}, {"type":"TEXT","channelId":ROOM,"body":""}, {"type":"SYSTEM_TEXT","channelId":ROOM,"body":"x","user":"ann"},
			{"type":"TEXT","channelId":ROOM,"body":"five"}]`)
		d.want("the job", d.do(chat.ImportMessages, 0, text), "FAILED 13 1 7 3:UserNotFoundError:user 6:ChannelNotFoundError:channelId"+
			" 7:InvalidRequestError:type 8:InvalidRequestError:channelId 9:InvalidRequestError:body 10:InvalidRequestError:body 11:InvalidRequestError:user")
		apptest.Want(t, "nobody is told", d.News(), "")
		want := "unread by ann|system|one <@bob> https://a.example|two|four|five"
		apptest.Want(t, "the room", strings.Join(d.bodies(room.ID), "|"), want)
		apptest.Want(t, "the other", strings.Join(d.bodies(other.ID), "|"), "three")
		p, err := d.Messages.List(t.Context(), d.Owner(), chat.MessageFilter{Channel: room.ID}, chat.Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		m := p.Items[3]
		apptest.Want(t, "the first one", fmt.Sprint(m.Type, m.User.Name, m.CreatedAt.Format(time.RFC3339Nano), m.GroupTag, m.Properties, len(m.Links), m.Mentions[0].User.Name),
			`TEXTann2001-02-03T04:05:06.789Zg{"k":1}1bob`)
		v, err := d.Channels.Retrieve(t.Context(), d.Owner(), room.ID)
		if err != nil {
			t.Fatal(err)
		}
		apptest.Want(t, "the newest", v.Channel.LastMessage.Body, "five")

		// Who had read everything has read the history too. Ann had one message
		// before it, and has written one of it.
		apptest.Want(t, "unread by ann", d.unread(room, ann), 5)
		apptest.Want(t, "unread by bob", d.unread(room, bob), 0)
		apptest.Want(t, "unread by cem", d.unread(other, cem), 0)
		send(d.As(ann), "six")
		apptest.Want(t, "then unread by bob", d.unread(room, bob), 1)
		apptest.Want(t, "then unread by ann", d.unread(room, ann), 5)
		if err := d.Messages.ReadChannel(t.Context(), d.As(ann), room.ID); err != nil {
			t.Fatal(err)
		}
		apptest.Want(t, "read by ann", d.unread(room, ann), 0)

		d.want("once more", d.do(chat.ImportMessages, 0, text[:strings.Index(text, `{"type":"TEXT","channelId":1,`)]+
			fmt.Sprintf(`{"type":"TEXT","channelId":%d,"body":"last"}]`, other.ID)), "FINISHED 7 5 0")
		apptest.Want(t, "keys are imported once", strings.Join(d.bodies(room.ID), "|"), want+"|six")
		apptest.Want(t, "what has none is imported again", strings.Join(d.bodies(other.ID), "|"), "three|three|last")
	})
}

func TestFilesThatAreNoArrays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		for _, text := range []string{"", "  ", `{"a":1}`, "name\nbob", "\x00\x01", `[{"name":`, `["a" "b"`} {
			f, err := d.Files.Upload(t.Context(), d.Owner(), files.UploadInput{Name: "x", Bytes: strings.NewReader(text)})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = d.Imports.Begin(t.Context(), d.Owner(), imports.Input{Task: chat.ImportUsers, File: f})
			var refusal *chat.Error
			if text == `["a" "b"` { // which is found on the way
				if err != nil {
					t.Error(err)
				}
			} else if !errors.As(err, &refusal) || refusal.Field != "file" || refusal.Code != chat.Invalid {
				t.Errorf("%q: %v", text, err)
			}
		}
		d.work()
		d.want("an empty array", d.do(chat.ImportUsers, 0, " [ ] "), "FINISHED 0 0 0")
		// What stands before the fault is imported.
		ok := `[{"name":"ann","displayName":"A"},`
		d.want("cut off", d.do(chat.ImportUsers, 0, ok+`{"name":"bo`), "FAILED 1 0 1 1:InvalidRequestError:file")
		d.want("no comma", d.do(chat.ImportUsers, 0, ok+`{"name":"bob","displayName":"B"} {"name":"cem"}]`), "FAILED 2 1 1 2:InvalidRequestError:file")
		deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
		d.want("deep", d.do(chat.ImportUsers, 0, ok+`{"name":"x","displayName":"X","properties":`+deep+`},`+deep+`]`),
			"FAILED 3 1 2 1:InvalidRequestError: 2:InvalidRequestError:")
	})
}

// A failing element beyond those that are kept is counted all the same.
func TestFailuresAreBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		j := d.do(chat.ImportUsers, 0, "[5"+strings.Repeat(",5", 2499)+"]")
		apptest.Want(t, "failed", j.Progress.Failed, 2500)
		apptest.Want(t, "kept", len(j.Failures), chat.MaxJobFailures)
		apptest.Want(t, "the last", j.Failures[chat.MaxJobFailures-1].Element, chat.MaxJobFailures-1)
	})
}

// A worker that is interrupted anywhere leaves what the next one goes on from;
// and two at a time do nothing twice.
func TestAnImportGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		room := d.Channel(chat.Public, "room", d.User("ann"))
		const n = 4500
		text := "["
		var want []string
		for k := range n {
			body := fmt.Sprintf("message %d", k)
			want = append(want, body)
			text += fmt.Sprintf(`{"type":"TEXT","channelId":%d,"user":"ann","body":%q},`, room.ID, body)
		}
		j := d.begin(chat.ImportMessages, 0, text[:len(text)-1]+"]")
		work := imports.Work{Job: j.ID}
		blobs := d.Files.Blobs
		var last int64
		for cut := 1; ; cut++ {
			d.Files.Blobs = failing{Blobs: blobs, after: 150_000}
			err := d.Imports.Run(t.Context(), d.App.ID, work)
			if err == nil {
				break
			}
			if now := d.job(j.ID).Progress.Processed; now <= last || cut > 100 {
				t.Fatalf("run %d: %d after %d: %v", cut, now, last, err)
			} else {
				last = now
			}
		}
		if last == 0 {
			t.Error("it was never interrupted")
		}
		if err := d.Imports.Run(t.Context(), d.App.ID, work); err != nil {
			t.Errorf("once more: %v", err)
		}
		if got := d.bodies(room.ID); !slices.Equal(got, want) {
			t.Errorf("%d messages, want %d", len(got), n)
		}

		d.Files.Blobs = blobs
		j = d.begin(chat.ImportMessages, 0, text[:len(text)-1]+"]")
		work.Job = j.ID
		outcomes := make(chan error)
		for range 2 {
			go func() { outcomes <- d.Imports.Run(context.WithoutCancel(t.Context()), d.App.ID, work) }()
		}
		if one, two := <-outcomes, <-outcomes; one != nil && two != nil {
			t.Errorf("both failed: %v, %v", one, two)
		}
		if got := d.bodies(room.ID); !slices.Equal(got, append(want, want...)) {
			t.Errorf("%d messages, want %d", len(got), 2*n)
		}
	})
}

// failing gives files whose reading breaks after so many octets.
type failing struct {
	files.Blobs
	after int64
}

func (f failing) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	source, err := f.Blobs.Open(ctx, key)
	return &breaking{source, f.after}, err
}

type breaking struct {
	io.ReadSeekCloser
	left int64
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the disk broke")
	}
	n, err := b.ReadSeekCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func TestARequestStartsOneJob(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		actor := d.Owner()
		actor.Request = "r"
		var ids []chat.JobID
		for range 2 {
			j, repeated, err := d.Imports.Begin(t.Context(), actor, imports.Input{Task: chat.ExportUsers})
			if err != nil || repeated != (len(ids) == 1) {
				t.Fatal(repeated, err)
			}
			ids = append(ids, j.ID)
		}
		apptest.Want(t, "the second", ids[1], ids[0])
		other := d.Application("other").Application.ID
		d.Refused("another application's", chat.ErrUnknownJob, func() error {
			_, err := d.Imports.Retrieve(t.Context(), chat.Actor{Application: other}, ids[0])
			return err
		})
		list := func(running bool) (states []chat.JobState) {
			p, err := d.Imports.List(t.Context(), d.Owner(), running, chat.PageRequest{})
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range p.Items {
				states = append(states, j.State)
			}
			return states
		}
		apptest.Want(t, "at first", fmt.Sprint(list(true), list(false)), "[PENDING] [PENDING]")
		d.work()
		apptest.Want(t, "at last", fmt.Sprint(list(true), list(false)), "[] [FINISHED]")
	})
}

func TestExports(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		ann := d.User("ann")
		room := d.Channel(chat.Private, "room", ann)
		const n = 1203
		text := "["
		for k := range n {
			text += fmt.Sprintf(`{"type":"TEXT","channelId":%d,"user":"ann","body":"%d"},`, room.ID, k)
		}
		d.do(chat.ImportMessages, 0, text[:len(text)-1]+"]")
		foreign := d.UserOf(d.Application("other").Application.ID, "foreign")

		read := func(task chat.Task) (list []map[string]any, j chat.Job) {
			t.Helper()
			j = d.do(task, 0, "")
			opened, err := d.Files.Open(t.Context(), j.File.Key, j.Grant)
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Bytes.Close()
			if err := json.NewDecoder(opened.Bytes).Decode(&list); err != nil {
				t.Fatal(err)
			}
			return list, j
		}
		list, j := read(chat.ExportMessages)
		d.want("the job", j, fmt.Sprintf("FINISHED %d 0 0", n))
		apptest.Want(t, "messages", len(list), n)
		apptest.Want(t, "the last", fmt.Sprint(list[n-1]["body"], list[n-1]["user"].(map[string]any)["name"], list[n-1]["_links"]), "1202ann<nil>")
		users, _ := read(chat.ExportUsers)
		apptest.Want(t, "users", fmt.Sprint(len(users), users[0]["name"], users[0]["displayName"]), "1annann")

		theirs, err := d.Accounts.JobFileGrants(t.Context(), foreign.Application)
		if err != nil {
			t.Fatal(err)
		}
		hers, err := d.Accounts.FileGrant(t.Context(), d.As(ann), "read")
		if err != nil {
			t.Fatal(err)
		}
		denied := func(what, grant string) {
			t.Helper()
			d.Refused(what, chat.ErrInvalidGrant, func() error {
				_, err := d.Files.Open(t.Context(), j.File.Key, grant)
				return err
			})
		}
		denied("nobody", "")
		denied("a user", hers)
		denied("another application", theirs(j.File.Key))
		denied("a guess", j.Grant[:len(j.Grant)-2]+"00")
		d.Clock.Advance(25 * time.Hour)
		denied("an old grant", j.Grant)
		if _, err := d.Files.Open(t.Context(), j.File.Key, d.job(j.ID).Grant); err != nil {
			t.Errorf("a new grant: %v", err)
		}
		d.Clock.Advance(imports.KeepExports)
		if err := errors.Join(d.Imports.Forget(t.Context()), d.Files.Sweep(t.Context())); err != nil {
			t.Fatal(err)
		}
		if again := d.job(j.ID); again.File != nil || again.State != chat.JobFinished {
			t.Errorf("an old export: %+v", again)
		}
		if _, err := d.Blobs.Stat(t.Context(), j.File.Key); err == nil {
			t.Error("its bytes are still there")
		}
	})
}
