package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// read decodes a member of an answer by its older spelling.
func read[T any](t *testing.T, backend *harness.PlatformClient, data json.RawMessage, name string) (value T) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if err := json.Unmarshal(members[backend.Member(name)], &value); err != nil {
		t.Fatalf("%s: %v in %s", name, err, data)
	}
	return value
}

// A back end writes functions, version by version, and finds all of it again
// after a restart.
func TestBackEndFunctions(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		var created identified
		answer := backend.Must(&created, "Runtime", "createNodejsRuntimeFunction", backend.Members(object{
			"type": "user.attempted.start_session", "name": "User Attempted Start Session", "description": "lets users in", "initializeAsynchronously": false,
		}))
		f := created.ID
		if number := read[int64](t, backend, answer.Data, "currentVersionNumber"); number != 0 || !read[bool](t, backend, answer.Data, "enabled") {
			t.Errorf("a new function is %s", answer.Data)
		}
		backend.Must(&created, "Runtime", "createNodejsRuntimeFunction", backend.Members(object{
			"type": "user.sent.message", "name": "Another", "initializeAsynchronously": true,
		}))
		another := created.ID
		if status := backend.StatusOf("Functions", "retrieveFunctionCurrentVersion", f); status != http.StatusNotFound {
			t.Errorf("without a version: %d", status)
		}
		const first = "const logs = [];\n\nasync function handleEvent(event: UserAttemptedStartSessionEvent, context: Context) {\r\n\treturn logs; // 🙂\n}\n"
		var ids []int64
		for _, script := range []string{first, strings.Repeat("// long\n", 20_000) + first} {
			answer = backend.Must(&created, "Functions", "createFunctionVersion", f, backend.Members(object{"handlerScript": script}))
			if kept := backend.Text(answer.Data, "handlerScript"); kept != script || read[int64](t, backend, answer.Data, "versionNumber") != int64(len(ids)+1) {
				t.Errorf("version %d is kept as %.200s", len(ids)+1, kept)
			}
			ids = slices.Insert(ids, 0, created.ID)
		}
		p.Stop()
		p.Start()
		if all := embeddedIDs(t, backend.Must(nil, "Runtime", "listNodejsRuntimeFunctions").Data, "functions"); !slices.Equal(all, []int64{f, another}) {
			t.Errorf("functions are %v, want %v", all, []int64{f, another})
		}
		answer = backend.Must(&created, "Functions", "retrieveFunction", f)
		if read[int64](t, backend, answer.Data, "currentVersionNumber") != 2 || backend.Text(answer.Data, "description") != "lets users in" {
			t.Errorf("the function is %s", answer.Data)
		}
		if all := embeddedIDs(t, backend.Must(nil, "Functions", "listFunctionVersions", f, 0, 5).Data, "versions"); !slices.Equal(all, ids) {
			t.Errorf("versions are %v, want %v", all, ids)
		}
		backend.Must(&created, "Functions", "retrieveFunctionCurrentVersion", f)
		if created.ID != ids[0] {
			t.Errorf("the current version is %d of %v", created.ID, ids)
		}
		answer = backend.Must(nil, "FunctionVersions", "retrieveFunctionVersion", ids[1])
		if script := backend.Text(answer.Data, "handlerScript"); script != first {
			t.Errorf("the first version is now %q", script)
		}
		if runs := embeddedIDs(t, backend.Must(nil, "Functions", "listFunctionInvocations", f).Data, "invocations"); len(runs) != 0 {
			t.Errorf("runs without anything that runs: %v", runs)
		}
		for _, refused := range []object{{"name": "x", "type": ""}, {"type": "x"}} {
			if status := backend.StatusOf("Runtime", "createNodejsRuntimeFunction", backend.Members(refused)); status != http.StatusBadRequest {
				t.Errorf("%v is answered with %d", refused, status)
			}
		}
	})
}

// hides checks that no file of the server shows a secret, nor what it has said.
func (p place) hides(t *testing.T, secret string) {
	t.Helper()
	if strings.Contains(p.Output(), secret) {
		t.Error("the server has said a secret")
	}
	err := filepath.WalkDir(p.DataDir(), func(path string, file os.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), secret) {
			t.Errorf("%s shows a secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A back end sets up the runtime. What it keeps there cannot be read in the
// files of the server, and a script can use what it is given.
func TestBackEndRuntime(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		type dependency struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		}
		const script, hush = "import firebase from 'firebase';\r\nexport { firebase };", "hush-hush-hush-hush"
		check := func(data json.RawMessage, firebase, variable bool, want string) {
			t.Helper()
			dependencies := read[[]dependency](t, backend, data, "dependencies")
			if len(dependencies) < 4 || dependencies[0].Name != "axios" || slices.Contains(dependencies, dependency{"firebase", "^9.8.2"}) != firebase {
				t.Errorf("dependencies are %v", dependencies)
			}
			variables := read[map[string]string](t, backend, data, "environmentVariables")
			if (variables["CUSTOM_ENV_secretKey"] == hush) != variable || variables["CHATKITTY_CLIENT_ID"] != p.ClientID || variables["CHATKITTY_CHAT_SERVICE_BASE_URL"] != p.URL() {
				t.Errorf("variables are %v", variables)
			}
			if s := read[map[string]string](t, backend, data, "initializationScript")["script"]; s != want {
				t.Errorf("the script is %q", s)
			}
		}
		check(backend.Must(nil, "Runtime", "retrieveNodejsRuntime").Data, false, false, "")
		check(backend.Must(nil, "Runtime", "updateNodejsRuntimeDependencies", []any{backend.Members(object{"name": "firebase", "version": "^9.8.2", "defaultDependency": false})}).Data, true, false, "")
		check(backend.Must(nil, "Runtime", "updateNodejsRuntimeEnvironmentVariables", object{"CUSTOM_ENV_secretKey": hush}).Data, true, true, "")
		check(backend.Must(nil, "Runtime", "updateNodejsRuntimeInitializationScript", object{"script": script}).Data, true, true, script)
		for method, body := range map[string]any{
			"updateNodejsRuntimeDependencies":         []any{backend.Members(object{"name": "x", "version": "file:/etc", "defaultDependency": false})},
			"updateNodejsRuntimeEnvironmentVariables": object{"NODE_OPTIONS": "--inspect"},
			"updateNodejsRuntimeInitializationScript": object{},
		} {
			if status := backend.StatusOf("Runtime", method, body); status != http.StatusBadRequest {
				t.Errorf("%s of %v is answered with %d", method, body, status)
			}
		}
		answer := backend.Must(nil, "Runtime", "retrieveNodejsRuntime")
		p.Stop()
		for _, secret := range []string{hush, read[map[string]string](t, backend, answer.Data, "environmentVariables")["CHATKITTY_CLIENT_SECRET"]} {
			p.hides(t, secret)
		}
		p.Start()
		answer = backend.Must(nil, "Runtime", "retrieveNodejsRuntime")
		check(answer.Data, true, true, script)

		inner := p.Application
		inner.ClientSecret = read[map[string]string](t, backend, answer.Data, "environmentVariables")["CHATKITTY_CLIENT_SECRET"]
		if inner.ClientSecret == p.ClientSecret {
			t.Error("the runtime has the application's own secret")
		}
		sdk := harness.PlatformOld
		if backend.Named(harness.PlatformNew) {
			sdk = harness.PlatformNew
		}
		p.node.NewPlatform(sdk, p.Server, inner).Must(nil, "Users", "createUser", backend.Members(object{"name": "jane", "displayName": "Jane", "isGuest": false}))
		backend.Must(nil, "Users", "checkUserExists", "jane")
	})
}
