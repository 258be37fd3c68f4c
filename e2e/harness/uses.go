package harness

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Scope is whose method, observer or handler something is.
type Scope string

// The scopes, in the order in which the documentation shows them.
const (
	// OfClient are the methods and observers of a client object.
	OfClient Scope = "client"
	// OfChat are the handlers and methods of a chat session.
	OfChat Scope = "chat session"
	// OfPage are the methods of a paginator.
	OfPage Scope = "page"
	// OfConnection are the members of what connectApi resolves with.
	OfConnection Scope = "connection"
	// OfPackage are the functions that the package itself exports.
	OfPackage Scope = "package"
)

// Use is something that an SDK offers, by the SDK's own name for it.
type Use struct {
	SDK   SDK    `json:"sdk"`
	Scope Scope  `json:"scope"`
	Name  string `json:"name"`
}

// Proof is a story that saw such a thing work on an engine: a method settled
// with a success that the story waited for, or a handler was called and the
// story waited for that.
type Proof struct {
	Use
	Test   string `json:"test"`
	Engine Engine `json:"engine"`
}

// run is a story on one engine.
type run struct {
	test   string
	engine Engine
}

// proofs is what the stories of this process have proven so far, and which of
// them have run at all.
var proofs = struct {
	mu     sync.Mutex
	proven map[Proof]bool
	ran    map[run]bool
}{proven: map[Proof]bool{}, ran: map[run]bool{}}

// runOf reads the names of tests: Test/engine/….
func runOf(t testing.TB) run {
	test, rest, _ := strings.Cut(t.Name(), "/")
	engine, _, _ := strings.Cut(rest, "/")
	switch engine := Engine(engine); engine {
	case SQLite, Postgres:
		return run{test, engine}
	default:
		return run{test, ""}
	}
}

func noteRun(t testing.TB) {
	proofs.mu.Lock()
	defer proofs.mu.Unlock()
	proofs.ran[runOf(t)] = true
}

// proof returns what is to be called as soon as the test of this process has
// seen it work.
func (n *Node) proof(sdk SDK, scope Scope, name string) func() {
	where := runOf(n.t)
	proven := Proof{Use: Use{SDK: sdk, Scope: scope, Name: name}, Test: where.test, Engine: where.engine}
	return func() {
		proofs.mu.Lock()
		defer proofs.mu.Unlock()
		proofs.proven[proven] = true
	}
}

// Proofs lists what the stories of this process have proven so far.
func Proofs() []Proof {
	proofs.mu.Lock()
	defer proofs.mu.Unlock()
	return slices.SortedFunc(maps.Keys(proofs.proven), func(a, b Proof) int {
		return cmp.Or(
			cmp.Compare(a.SDK, b.SDK), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Test, b.Test), cmp.Compare(a.Engine, b.Engine),
		)
	})
}

// EnginesOf lists the engines on which a story has run in this process.
func EnginesOf(test string) []Engine {
	proofs.mu.Lock()
	defer proofs.mu.Unlock()
	var engines []Engine
	for each := range proofs.ran {
		if each.test == test {
			engines = append(engines, each.engine)
		}
	}
	return engines
}

// WriteProofs adds what was proven to a file, a JSON object per line.
func WriteProofs(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(file)
	for _, proven := range Proofs() {
		if err := lines.Encode(proven); err != nil {
			closing(file)
			return err
		}
	}
	return file.Close()
}

// ReadProofs reads such a file.
func ReadProofs(path string) ([]Proof, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []Proof
	for line := range strings.Lines(string(content)) {
		var proven Proof
		if err := json.Unmarshal([]byte(line), &proven); err != nil {
			return nil, err
		}
		all = append(all, proven)
	}
	return all, nil
}

// Surface lists everything that an SDK offers to applications, as the
// installed package itself says.
func (n *Node) Surface(sdk SDK) []Use {
	n.t.Helper()
	answered, err := n.begin("surface", map[string]any{"op": "surface", "sdk": sdk}).Wait(Patience)
	if err != nil {
		n.t.Fatal(err)
	}
	var members map[Scope][]string
	if err := json.Unmarshal(answered.JSON, &members); err != nil {
		n.t.Fatal(err)
	}
	var uses []Use
	for _, scope := range []Scope{OfClient, OfChat, OfPage, OfConnection, OfPackage} {
		slices.Sort(members[scope])
		for _, name := range members[scope] {
			uses = append(uses, Use{SDK: sdk, Scope: scope, Name: name})
		}
	}
	return uses
}

// CommonName is the name under which stories use it with every SDK: that of
// the newer one.
func (u Use) CommonName() string {
	if u.SDK == Classic {
		for common, old := range classicNames {
			if old == u.Name {
				return common
			}
		}
	}
	return u.Name
}

// Ask calls a function that the package itself exports, one of those that tell
// what kind a thing is.
func (n *Node) Ask(sdk SDK, function string, args ...any) (answer bool) {
	n.t.Helper()
	asked := n.begin(function, map[string]any{"op": "function", "sdk": sdk, "name": function, "args": args})
	answered, err := asked.proving(n.proof(sdk, OfPackage, function)).Wait(Patience)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := json.Unmarshal(answered.JSON, &answer); err != nil {
		n.t.Fatalf("%s answered %s", function, answered.JSON)
	}
	return answer
}
