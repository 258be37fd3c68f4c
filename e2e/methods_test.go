package e2e

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// The table of methods in the documentation says which story proves which
// method of which SDK. It is made from what the stories have waited for:
//
//	make methods
//
// runs all of them, keeps what they have proven in the file that proofsEnv
// names, and writes the table. Each run of the suite then holds the table
// against the installed SDKs (TestEveryMethodIsProven) and, at its end, against
// what the stories that ran have proven again (checkProofs).
const (
	proofsEnv       = "PURR_TEST_PROOFS"
	methodsDocument = "../docs/compatibility.md"
	tableBegin      = "<!-- begin: made by make methods -->\n"
	tableEnd        = "<!-- end: made by make methods -->\n"
	// shown is how many stories the table names for a method: those that prove
	// it with both SDKs before others, and then those that prove the fewest
	// other things, as they are likely to be about it.
	shown = 2
)

var updateMethods = flag.Bool("update", false, "write the table of methods from the file that "+proofsEnv+" names")

// unproven says of what no story can prove why that is so. Where only one SDK
// is meant, its name follows.
var unproven = map[string]string{
	"chat session onThreadMessageReceived":       "no SDK ever subscribes a thread's topics",
	"chat session onThreadKeystrokesReceived":    "no SDK ever subscribes a thread's topics",
	"chat session onThreadTypingStarted":         "no SDK ever subscribes a thread's topics",
	"chat session onThreadTypingStopped":         "no SDK ever subscribes a thread's topics",
	"client onApplicationElementsChanged":        "there is no chat page to configure yet",
	"client onApplicationFeaturesChanged":        "there is no chat page to configure yet",
	"client onApplicationStylesChanged":          "there is no chat page to configure yet",
	"connection notifications":                   "the same as `onNotificationReceived`",
	"package getInstance":                        "always calls the vendor's servers",
	"package isSystemSentMessageNotification":    "looks at data that the stories look at",
	"package isUserSentMessageNotification":      "looks at data that the stories look at",
	"package isUserRepliedToMessageNotification": "looks at data that the stories look at",
	"package isUserMentionedNotification":        "looks at data that the stories look at",
	"package isUserMentionedChannelNotification": "looks at data that the stories look at",
	"package loadChatUi":                         "there is no chat page yet",
	"package template":                           "makes text of text, without a server",
}

// drawsLots is the story that chooses what to do at random: what it proves once
// it need not prove again, so the table never names it.
const drawsLots = "TestEverybodyAgreesInTheEnd"

// covers are the stories that prove something, by the SDK's own name for it.
type covers map[harness.Use][]string

// Every method, observer and handler of the client SDKs is in the table, with a
// story that exists or the reason why there is none.
func TestEveryMethodIsProven(t *testing.T) {
	t.Parallel()
	if recording() {
		t.Skip("this run makes what the table is made from")
	}
	node := harness.StartNode(t)
	var offered []harness.Use
	for _, sdk := range clientSDKs {
		offered = append(offered, node.Surface(sdk)...)
	}
	head, table, tail, err := methodTable()
	if err != nil {
		t.Fatal(err)
	}
	named := namedIn(table)
	if *updateMethods {
		proven, err := harness.ReadProofs(os.Getenv(proofsEnv))
		if err != nil {
			t.Fatalf("%s: %v", proofsEnv, err)
		}
		named = choose(proven)
	}
	for _, use := range offered {
		switch reason, excused := unproven[commonly(use)]; {
		case len(named[use]) == 0 && !excused:
			t.Errorf("%s %s of %s is in no story", use.Scope, use.Name, use.SDK)
		case len(named[use]) > 0 && excused:
			t.Errorf("%s %s of %s is in %v, although %s", use.Scope, use.Name, use.SDK, named[use], reason)
		}
	}
	exist := testsIn(t, ".")
	for use, stories := range named {
		for _, story := range stories {
			if !exist[story] {
				t.Errorf("%s %s of %s: there is no story %s", use.Scope, use.Name, use.SDK, story)
			}
		}
	}
	made := render(offered, named)
	if *updateMethods && !t.Failed() {
		if err := os.WriteFile(methodsDocument, []byte(head+made+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if made != table {
		t.Errorf("the table in %s is stale, run make methods; it ought to be:\n%s", methodsDocument, made)
	}
}

// recording says whether this run is for the file that a table is made from.
func recording() bool { return os.Getenv(proofsEnv) != "" && !*updateMethods }

// methodTable reads the document and parts it at the marks.
func methodTable() (head, table, tail string, err error) {
	document, err := os.ReadFile(methodsDocument)
	if err != nil {
		return "", "", "", err
	}
	before, rest, begins := strings.Cut(string(document), tableBegin)
	table, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return "", "", "", errors.New(methodsDocument + " has no place for the table of methods")
	}
	return before + tableBegin, table, tableEnd + after, nil
}

// commonly is the key of unproven.
func commonly(use harness.Use) string { return string(use.Scope) + " " + use.CommonName() }

// choose finds the stories that the table will name.
func choose(proven []harness.Proof) covers {
	// Who proves everything says nothing about any one thing.
	breadth := map[string]map[harness.Use]bool{}
	engines := map[string]map[harness.Engine]bool{}
	on := map[harness.Use]map[string]map[harness.Engine]bool{}
	sdks := map[string]map[harness.SDK]bool{}
	for _, each := range proven {
		if each.Test == drawsLots {
			continue
		}
		note(breadth, each.Test, each.Use)
		note(engines, each.Test, each.Engine)
		if on[each.Use] == nil {
			on[each.Use] = map[string]map[harness.Engine]bool{}
		}
		note(on[each.Use], each.Test, each.Engine)
		note(sdks, each.Test+" "+commonly(each.Use), each.SDK)
	}
	chosen := covers{}
	for use, stories := range on {
		var names []string
		for story, seen := range stories {
			if len(seen) == len(engines[story]) {
				names = append(names, story)
			}
		}
		slices.SortFunc(names, func(a, b string) int {
			return cmp.Or(
				cmp.Compare(len(sdks[b+" "+commonly(use)]), len(sdks[a+" "+commonly(use)])),
				cmp.Compare(len(breadth[a]), len(breadth[b])),
				cmp.Compare(a, b),
			)
		})
		chosen[use] = slices.Sorted(slices.Values(names[:min(len(names), shown)]))
	}
	return chosen
}

func note[K, V comparable](of map[K]map[V]bool, key K, value V) {
	if of[key] == nil {
		of[key] = map[V]bool{}
	}
	of[key][value] = true
}

var scopeTitles = map[harness.Scope]string{
	harness.OfClient:     "Methods and observers of a client",
	harness.OfChat:       "Handlers and methods of a chat session",
	harness.OfPage:       "Pages of lists",
	harness.OfConnection: "What `connectApi` resolves with",
	harness.OfPackage:    "Functions of the package",
}

// render writes the table: a row for each name, a column for each SDK.
func render(offered []harness.Use, named covers) string {
	cells := map[harness.Scope]map[string]map[harness.SDK]string{}
	for _, use := range offered {
		if cells[use.Scope] == nil {
			cells[use.Scope] = map[string]map[harness.SDK]string{}
		}
		row := cells[use.Scope][use.CommonName()]
		if row == nil {
			row = map[harness.SDK]string{}
			cells[use.Scope][use.CommonName()] = row
		}
		var parts []string
		if use.Name != use.CommonName() {
			parts = append(parts, "as `"+use.Name+"`:")
		}
		for _, story := range named[use] {
			parts = append(parts, "`"+story+"`")
		}
		if reason, excused := unproven[commonly(use)]; excused {
			parts = append(parts, reason)
		}
		row[use.SDK] = strings.Join(parts, " ")
	}
	var table strings.Builder
	for _, scope := range []harness.Scope{harness.OfClient, harness.OfChat, harness.OfPage, harness.OfConnection, harness.OfPackage} {
		fmt.Fprintf(&table, "\n| %s | K158 | C2106 |\n|---|---|---|\n", scopeTitles[scope])
		for _, name := range slices.Sorted(maps.Keys(cells[scope])) {
			fmt.Fprintf(&table, "| `%s` |", name)
			for _, sdk := range clientSDKs {
				fmt.Fprintf(&table, " %s |", cmp.Or(cells[scope][name][sdk], "–"))
			}
			table.WriteString("\n")
		}
	}
	table.WriteString("\n")
	return table.String()
}

var (
	tableTitle = regexp.MustCompile(`^\| (.*) \| K158 \| C2106 \|$`)
	tableRow   = regexp.MustCompile("^\\| `(\\w+)` \\| (.*) \\| (.*) \\|$")
	oldName    = regexp.MustCompile("^as `(\\w+)`:")
	storyName  = regexp.MustCompile("`(Test\\w+)`")
)

// namedIn reads back what render wrote.
func namedIn(table string) covers {
	named := covers{}
	var scope harness.Scope
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if title := tableTitle.FindStringSubmatch(line); title != nil {
			for each, text := range scopeTitles {
				if text == title[1] {
					scope = each
				}
			}
			continue
		}
		row := tableRow.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		for i, sdk := range clientSDKs {
			use := harness.Use{SDK: sdk, Scope: scope, Name: row[1]}
			if old := oldName.FindStringSubmatch(row[2+i]); old != nil {
				use.Name = old[1]
			}
			for _, story := range storyName.FindAllStringSubmatch(row[2+i], -1) {
				named[use] = append(named[use], story[1])
			}
		}
	}
	return named
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// testsIn lists the tests of a directory, and of those below it.
func testsIn(t *testing.T, directory string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && entry.Name() == "node_modules" {
			return cmp.Or(err, fs.SkipDir)
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, function := range testFunction.FindAllStringSubmatch(string(source), -1) {
			found[function[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// checkProofs holds what the table says against what the stories of this run
// have proven. A run of parts of stories proves parts only and is not judged.
func checkProofs() error {
	if only := flag.Lookup("test.run").Value.String(); strings.Contains(only, "/") || *updateMethods {
		return nil
	}
	_, table, _, err := methodTable()
	if err != nil {
		return err
	}
	proven := map[harness.Proof]bool{}
	for _, each := range harness.Proofs() {
		proven[each] = true
	}
	var wrong []error
	for use, stories := range namedIn(table) {
		for _, story := range stories {
			for _, engine := range harness.EnginesOf(story) {
				if !proven[harness.Proof{Use: use, Test: story, Engine: engine}] {
					wrong = append(wrong, fmt.Errorf("%s on %s proves nothing about %s %s of %s any more: run make methods",
						story, engine, use.Scope, use.Name, use.SDK))
				}
			}
		}
	}
	for each := range proven {
		if reason, excused := unproven[commonly(each.Use)]; excused {
			wrong = append(wrong, fmt.Errorf("%s proves %s %s of %s, although %s", each.Test, each.Scope, each.Name, each.SDK, reason))
		}
	}
	return errors.Join(wrong...)
}
