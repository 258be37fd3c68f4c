package serve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/blob/s3/s3test"
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/serve"
	"github.com/purrchat/purr/internal/serve/servetest"
	"github.com/purrchat/purr/internal/store/storetest"
)

// inBucket keeps files in a bucket of the test's own.
func inBucket(t *testing.T) func(*config.Config) {
	t.Helper()
	o := s3test.Start(t)
	return func(c *config.Config) {
		c.S3 = config.S3{
			Bucket: o.Bucket, Endpoint: o.Endpoint, Region: o.Region, AccessKey: o.AccessKey, SecretKey: o.SecretKey,
			Prefix: o.Prefix, Addressing: o.Addressing,
		}
	}
}

func download(t *testing.T, address string, headers ...string) (int, []byte) {
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
	return response.StatusCode, body
}

// TestFilesInABucket: nodes that share nothing but the database and a bucket
// take files in, hand them out to each other's users, and remove what nothing
// shows any more.
func TestFilesInABucket(t *testing.T) {
	t.Parallel()
	t.Run("one node", func(t *testing.T) {
		t.Parallel()
		s := servetest.Start(t, inBucket(t))
		filesInABucket(t, s, s)
	})
	t.Run("two nodes", func(t *testing.T) {
		t.Parallel()
		dsn, bucket := storetest.Postgres(t), inBucket(t)
		onDatabase := func(c *config.Config) { c.Database = dsn }
		a, b := servetest.Start(t, onDatabase, bucket), servetest.Start(t, onDatabase, bucket)
		b.Application = a.Application
		filesInABucket(t, a, b)
	})
}

func filesInABucket(t *testing.T, a, b *servetest.Server) {
	t.Helper()
	ann := a.Connect("ann")
	ann.ListenToErrors()
	self := servetest.Self(t, ann)
	ann.ListenAs("channels", self.Topics["channels"])
	ann.Send(self.Actions["createChannel"], `{"type":"PRIVATE","name":"room"}`)
	room := servetest.Resource(t, ann.AwaitEvent("user.channel.created"))
	var relay struct {
		Resource struct {
			Grant string `json:"grant"`
		} `json:"resource"`
	}
	if err := json.Unmarshal([]byte(ann.Ask(self.Relays["readFileAccessGrant"]).Body), &relay); err != nil || relay.Resource.Grant == "" {
		t.Fatalf("no grant: %v", err)
	}
	grant := "?grant=" + relay.Resource.Grant

	// More than one part, with each part different.
	var large bytes.Buffer
	for i := 0; large.Len() < 6<<20; i++ {
		fmt.Fprintf(&large, "line %d\n", i)
	}
	message := a.Upload(fmt.Sprintf("/v1/applications/%d/channels/%d/messages", a.Application.ID, room.ID), "large.txt", large.Bytes())
	// The address on the other node.
	address := strings.Replace(message["file"].(map[string]any)["url"].(string), a.URL("/"), b.URL("/"), 1)
	if status, body := download(t, address+grant); status != http.StatusOK || !bytes.Equal(body, large.Bytes()) {
		t.Errorf("the file: status %d, %d bytes", status, len(body))
	}
	if status, body := download(t, address+grant, "Range", "bytes=5500000-5500009"); status != http.StatusPartialContent ||
		!bytes.Equal(body, large.Bytes()[5500000:5500010]) {
		t.Errorf("a range: status %d, %q", status, body)
	}
	if status, _ := download(t, address); status != http.StatusForbidden {
		t.Errorf("without a grant: status %d", status)
	}

	picture := func(content string) string {
		t.Helper()
		user := a.Upload(fmt.Sprintf("/v1/applications/%d/users/%d/display-picture", a.Application.ID, self.ID), "me.png", []byte(content))
		return strings.Replace(user["displayPictureUrl"].(string), a.URL("/"), b.URL("/"), 1)
	}
	before, after := picture("before"), picture("after")
	if status, body := download(t, after); status != http.StatusOK || string(body) != "after" {
		t.Errorf("the picture: status %d, %q", status, body)
	}
	if status, _ := download(t, before); status != http.StatusNotFound {
		t.Errorf("the picture before: status %d", status)
	}
	if list, err := os.ReadDir(filepath.Join(a.Config.Data, "files")); err == nil {
		t.Errorf("there are files in the data directory: %v", list)
	}
}

// What a user's new picture replaces leaves the bucket.
func TestTheBucketIsSwept(t *testing.T) {
	t.Parallel()
	removed := make(chan string, 10)
	o := s3test.Behind(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		if r.Method == http.MethodDelete {
			removed <- r.URL.Path
		}
	})
	s := servetest.Start(t, func(c *config.Config) {
		c.S3 = config.S3{Bucket: o.Bucket, Endpoint: o.Endpoint, Region: o.Region, AccessKey: o.AccessKey, SecretKey: o.SecretKey, Addressing: o.Addressing}
	})
	user := s.Post(fmt.Sprintf("/v1/applications/%d/users", s.Application.ID), map[string]any{"name": "ann", "displayName": "Ann"})
	set := fmt.Sprintf("/v1/applications/%d/users/%d/display-picture", s.Application.ID, int64(user["id"].(float64)))
	before := s.Upload(set, "me.png", []byte("before"))["displayPictureUrl"].(string)
	s.Upload(set, "me.png", []byte("after"))
	s.Stop()
	s.Restart() // which sweeps
	path := <-removed
	if _, key, _ := strings.Cut(path, "/"+o.Bucket+"/"); key == "" || !strings.Contains(before, "/"+key+"/") {
		t.Errorf("%s is gone, the picture was %s", path, before)
	}
}

// A node does not start with a bucket that it cannot use, and says why.
func TestABucketThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Listen, c.Data = "127.0.0.1:0", t.TempDir()
	inBucket(t)(&c)
	c.S3.AccessKey = "mallory"
	log := &servetest.Log{}
	_, err := serve.Start(t.Context(), c, slog.New(slog.NewTextHandler(log, nil)), "test")
	if err == nil || !strings.Contains(err.Error(), `does not let the access key "mallory" use the bucket`) {
		t.Errorf("error: %v", err)
	}
	if strings.Contains(fmt.Sprint(err)+log.String(), c.S3.SecretKey) {
		t.Error("the secret is shown")
	}
}
