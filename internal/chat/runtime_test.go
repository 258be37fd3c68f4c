package chat_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
)

func TestVersionsOfPackages(t *testing.T) {
	t.Parallel()
	for _, version := range []string{
		"1.2.3", "^0.19.2", "~1.2", ">=1.0.0 <2.0.0", ">= 1.0.0", "1.2.x", "*", "1 - 2", "1.0.0 - 2.9999.9999", "^1.0.0 || ^2.0.0", "1||2",
		"=1.0.0", "v1.0.0", "1.0.0-rc.1", "1.0.0-rc.1+build.5", "X", " 1.2.3 ", "latest",
	} {
		if _, err := chat.CustomDependencies([]chat.Dependency{{Name: "firebase", Version: version}}); err != nil {
			t.Errorf("%q is refused: %v", version, err)
		}
	}
	for _, version := range []string{
		"", " ", "next", "file:../x", "git+https://h/x.git", "git://h/x", "https://h/x.tgz", "link:x", "workspace:*", "npm:other@1", "user/repository",
		"1.2.3.4", "1..2", "^^1", "1 -2", "||", "1 ||", "; rm -rf /", "1.0.0\n", "1.0.0 file:x", strings.Repeat("1 ", 200), "\x00", "\xff",
	} {
		_, err := chat.CustomDependencies([]chat.Dependency{{Name: "qs", Version: "6.9.4"}, {Name: "firebase", Version: version}})
		refusedFor(t, fmt.Sprintf("version %.40q", version), "dependencies[1].version", err)
	}
}

func TestNamesOfPackages(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"firebase", "lodash.merge", "@scope/name", "JSONStream", "left-pad", "2"} {
		if _, err := chat.CustomDependencies([]chat.Dependency{{Name: name, Version: "1"}}); err != nil {
			t.Errorf("%q is refused: %v", name, err)
		}
	}
	for _, name := range []string{
		"", "../x", "a/b", "@scope", "@scope/", "@/x", "@a/b/c", ".hidden", "_private", "__proto__", "-g", "a b", "a@1", "a\n", "é", "@../x", "@a/../b",
		strings.Repeat("a", 215),
	} {
		_, err := chat.CustomDependencies([]chat.Dependency{{Name: name, Version: "1"}})
		refusedFor(t, fmt.Sprintf("name %.40q", name), "dependencies[0].name", err)
	}
	_, err := chat.CustomDependencies([]chat.Dependency{{Name: "a", Version: "1"}, {Name: "b", Version: "1"}, {Name: "a", Version: "2"}})
	refusedFor(t, "twice", "dependencies[2].name", err)
	many := make([]chat.Dependency, chat.MaxDependencies+1)
	for i := range many {
		many[i] = chat.Dependency{Name: fmt.Sprint("p", i), Version: "1"}
	}
	_, err = chat.CustomDependencies(many)
	refusedFor(t, "too many", "dependencies", err)
	if _, err := chat.CustomDependencies(append(many[1:], chat.DefaultDependencies()...)); err != nil {
		t.Errorf("the default ones count: %v", err)
	}
}

// The default packages stay, whatever list comes back from a caller.
func TestDefaultPackagesStay(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ given, all string }{
		"none":                        {"", "axios@^0.19.2! axios-token-interceptor@^0.2.0! chatkitty-platform-sdk@1.0.1! qs@6.9.4!"},
		"one more":                    {"b@1 a@2", "axios@^0.19.2! axios-token-interceptor@^0.2.0! chatkitty-platform-sdk@1.0.1! qs@6.9.4! b@1 a@2"},
		"another version of one":      {"qs@7", "axios@^0.19.2! axios-token-interceptor@^0.2.0! chatkitty-platform-sdk@1.0.1! qs@7"},
		"one that says it is default": {"qs@5! a@1!", "axios@^0.19.2! axios-token-interceptor@^0.2.0! chatkitty-platform-sdk@1.0.1! qs@6.9.4! a@1"},
		"one as it is":                {"axios@^0.19.2 a@1", "axios@^0.19.2! axios-token-interceptor@^0.2.0! chatkitty-platform-sdk@1.0.1! qs@6.9.4! a@1"},
	} {
		var list []chat.Dependency
		for _, word := range strings.Fields(c.given) {
			name, version, _ := strings.Cut(word, "@")
			list = append(list, chat.Dependency{Name: name, Version: strings.TrimSuffix(version, "!"), Default: strings.HasSuffix(version, "!")})
		}
		custom, err := chat.CustomDependencies(list)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		r := chat.Runtime{Dependencies: custom}
		var all []string
		for _, d := range r.AllDependencies() {
			word := d.Name + "@" + d.Version
			if d.Default {
				word += "!"
			}
			all = append(all, word)
		}
		if got := strings.Join(all, " "); got != c.all {
			t.Errorf("%s: %s", what, got)
		}
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	custom, err := chat.CustomVariables([]chat.Variable{
		{"b_2", "line\nend \"é\""}, {"CHATKITTY_CLIENT_SECRET", "another"}, {"A", ""}, {"CHATKITTY_APPLICATION_ID", "7"},
	})
	if got := fmt.Sprint(custom); err != nil || got != "[{A } {b_2 line\nend \"é\"}]" {
		t.Errorf("kept are %s: %v", got, err)
	}
	r := chat.Runtime{Application: 5, ClientID: "id", ClientSecret: "s", Variables: custom}
	if got := fmt.Sprint(r.AllVariables("https://h")); got != "[{A } {CHATKITTY_APPLICATION_ID 5} {CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL https://h} "+
		"{CHATKITTY_CHAT_SERVICE_BASE_URL https://h} {CHATKITTY_CLIENT_ID id} {CHATKITTY_CLIENT_SECRET s} {b_2 line\nend \"é\"}]" {
		t.Errorf("all are %s", got)
	}
	for _, name := range []string{
		"", "1A", "A B", "A=B", "A-B", "é", "A\x00", "CHATKITTY_", "CHATKITTY_MORE", "chatkitty_more", "NODE_OPTIONS", "Node_Options", "NODE_PATH", "PATH", "HOME",
		"LD_PRELOAD", "\xff", strings.Repeat("-", 1000),
	} {
		_, err := chat.CustomVariables([]chat.Variable{{name, "x"}})
		refusedFor(t, fmt.Sprintf("%.40q", name), "environmentVariables", err)
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("%d bytes of an error", len(err.Error()))
		}
	}
	_, err = chat.CustomVariables([]chat.Variable{{"A", "\x00"}})
	refusedFor(t, "a value with NUL", "environmentVariables.A", err)
	_, err = chat.CustomVariables([]chat.Variable{{"A", strings.Repeat("x", 40<<10)}, {"B", strings.Repeat("x", 30<<10)}})
	refusedFor(t, "too much", "environmentVariables", err)
	many := make([]chat.Variable, chat.MaxVariables+1)
	for i := range many {
		many[i].Name = fmt.Sprint("V", i)
	}
	_, err = chat.CustomVariables(many)
	refusedFor(t, "too many", "environmentVariables", err)
}

// refusedFor wants a refusal that names a member of the input.
func refusedFor(t *testing.T, what, field string, err error) {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.Invalid || e.Field != field {
		t.Errorf("%s: %v, want a refusal of %s", what, err, field)
	}
}
