// Package e2e tells stories about Purr from the outside. The published
// ChatKitty SDKs are installed from the package registry and driven, without a
// change, over real sockets against the real binary. What they do is the
// measure of compatibility; nothing in these stories uses the server's own
// packages.
//
// Node.js 20 or newer and npm are needed; a story that needs what is missing is
// skipped with one line, or fails if PURR_TEST_REQUIRE lists it ("node",
// "postgres"). Stories run on SQLite and, where a PostgreSQL server can be
// reached (PURR_TEST_POSTGRES), on that as well. PURR_TEST_BINARY tests a given
// binary instead of building one.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// sideBySide is how many stories run at once. Most of their time is spent
// waiting for an SDK to reconnect, so more of them than processors are sensible.
const sideBySide = "10"

func TestMain(m *testing.M) {
	flag.Parse()
	if !isSet("test.parallel") {
		// The flag exists in every test binary and takes any number.
		_ = flag.Set("test.parallel", sideBySide)
	}
	code := m.Run()
	if err := afterwards(code == 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	harness.CleanUp()
	os.Exit(code)
}

// afterwards does what can be done only when all stories have been told.
func afterwards(passed bool) error {
	if recording() {
		return harness.WriteProofs(os.Getenv(proofsEnv))
	}
	if !passed {
		return nil
	}
	return checkProofs()
}

func isSet(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// clientSDKs are the client SDKs that every story about chatting is told with.
var clientSDKs = []harness.SDK{harness.Classic, harness.Core}

// place is where most stories happen: a server, an application, a back end
// and a process that runs SDKs.
type place struct {
	*harness.Server
	harness.Application
	rest *harness.REST
	node *harness.Node
}

func newPlace(t *testing.T, engine harness.Engine) place {
	t.Helper()
	node := harness.StartNode(t)
	server := harness.StartServer(t, engine)
	application := server.CreateApplication("story")
	return place{Server: server, Application: application, rest: server.NewREST(application), node: node}
}

// start starts the session of a user who talks to the server directly.
func (p place) start(sdk harness.SDK, username string) *harness.Client {
	return p.node.StartClient(sdk, p.Host(), p.APIKey, username)
}

// eachSDK runs a story with both client SDKs, each against its own server.
func eachSDK(t *testing.T, story func(t *testing.T, p place, sdk harness.SDK)) {
	t.Helper()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		for _, sdk := range clientSDKs {
			t.Run(string(sdk), func(t *testing.T) {
				t.Parallel()
				story(t, newPlace(t, engine), sdk)
			})
		}
	})
}

// other is the SDK that the given one has to get along with.
func other(sdk harness.SDK) harness.SDK {
	if sdk == harness.Classic {
		return harness.Core
	}
	return harness.Classic
}
