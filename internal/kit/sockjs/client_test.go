package sockjs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/kit/sockjs"
)

const clientVersion = "1.6.1"

// The published client library, over each transport, with all that is odd in
// Unicode, and more than one streaming response carries.
func TestPublishedClient(t *testing.T) {
	t.Parallel()
	modules := installClient(t)
	s := newService(t, sockjs.Options{}).listen(t)
	for _, transport := range []string{"websocket", "xhr-streaming", "eventsource", "xhr-polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			command := exec.CommandContext(ctx, "node", "testdata/echo.cjs", modules, s.url+"?api-key=K", transport)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// installClient returns a directory with the client library, kept between runs.
func installClient(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT TESTED against the published client: %v", err)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "purr-test", "sockjs-client-"+clientVersion)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "sockjs-client", "package.json")); err == nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--no-save",
		"--prefix", dir, "sockjs-client@"+clientVersion)
	if out, err := command.CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED against the published client, which can not be installed: %v: %s", err, out)
	}
	return dir
}
