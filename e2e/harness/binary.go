package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Environment variables that tests listen to.
const (
	// requireEnv lists, separated by commas, what must not be missing: "node",
	// "postgres". What is missing and not listed is skipped loudly.
	requireEnv = "PURR_TEST_REQUIRE"
	// binaryEnv names a binary to test instead of building one.
	binaryEnv = "PURR_TEST_BINARY"
)

// required says whether a missing tool must fail the tests instead of skipping
// them.
func required(tool string) bool {
	return slices.Contains(strings.FieldsFunc(os.Getenv(requireEnv), func(r rune) bool {
		return r == ',' || r == ' '
	}), tool)
}

var announced sync.Map

// missing skips the test with one loud line for the whole run, or fails it
// when the tool was required.
func missing(t testing.TB, tool, why string) {
	t.Helper()
	if required(tool) {
		t.Fatalf("%s is required by %s but missing: %s", tool, requireEnv, why)
	}
	if _, again := announced.LoadOrStore(tool, true); !again {
		fmt.Fprintf(os.Stderr, "SKIPPED: end-to-end tests that need %s: %s\n", tool, why)
	}
	t.Skipf("no %s: %s", tool, why)
}

// moduleRoot is found from this file, so that tests work from any directory.
func moduleRoot() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

var workspace struct {
	once sync.Once
	dir  string
	err  error
}

func workspaceDir() (string, error) {
	workspace.once.Do(func() {
		workspace.dir, workspace.err = os.MkdirTemp("", "purr-e2e-")
	})
	return workspace.dir, workspace.err
}

// CleanUp removes what belongs to the whole run. TestMain calls it last.
func CleanUp() {
	if workspace.dir != "" {
		_ = os.RemoveAll(workspace.dir)
	}
}

// binary builds the program once per run, exactly as it is shipped: without
// cgo, one static file.
var binary = sync.OnceValues(func() (string, error) {
	if given := os.Getenv(binaryEnv); given != "" {
		return given, nil
	}
	dir, err := workspaceDir()
	if err != nil {
		return "", err
	}
	target := filepath.Join(dir, "purr")
	build := exec.Command("go", "build", "-o", target, "./cmd/purr")
	build.Dir = moduleRoot()
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server: %w\n%s", err, output)
	}
	return target, nil
})

// Binary returns the path of the program under test.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// closing closes what was only read, or is thrown away: there is nothing to do
// about an error.
func closing(c io.Closer) { _ = c.Close() }

// nodeDir holds package.json, the lock file and the driver.
func nodeDir() string { return filepath.Join(moduleRoot(), "e2e", "node") }

var errNoNode = errors.New("node and npm are needed to run the published SDKs")

// installSDKs installs the locked versions of the SDKs when they are missing
// or were installed from another lock file.
var installSDKs = sync.OnceValue(func() error {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: %w", errNoNode, err)
		}
	}
	lock, err := os.ReadFile(filepath.Join(nodeDir(), "package-lock.json"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(lock)
	want := hex.EncodeToString(sum[:])
	stamp := filepath.Join(nodeDir(), "node_modules", ".installed-from")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		return nil
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	install.Dir = nodeDir()
	if output, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("installing the SDKs: %w\n%s", err, output)
	}
	return os.WriteFile(stamp, []byte(want), 0o600)
})
