package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Node is a Node.js process that runs the published SDKs for one test.
type Node struct {
	t       testing.TB
	stdin   io.WriteCloser
	stderr  output
	writing sync.Mutex

	mu       sync.Mutex
	lastID   int
	lastLog  int
	pending  map[int]chan answer
	logs     map[string]*Log
	joint    map[string]string // handlers that share a log, by what they are called there
	uncaught []string
	ended    chan struct{}
}

// Ref is an object kept by the driver, or a part of it such as "h3.channel".
// As an argument it stands for that very object.
type Ref string

// MarshalJSON writes the reference as the driver reads it.
func (r Ref) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"$ref": string(r)})
}

// Part refers to a member of the object.
func (r Ref) Part(name string) Ref { return r + Ref("."+name) }

// With is a copy of the object with some members changed, as applications make
// one to update something.
func (r Ref) With(members map[string]any) map[string]any {
	return map[string]any{"$ref": string(r), "$with": members}
}

// Failure is an error that an SDK threw or rejected with, or the error of an
// SDK's failed result.
type Failure struct {
	Name    string          `json:"name"`
	Message string          `json:"message"`
	Status  int             `json:"status"`
	Data    json.RawMessage `json:"data"`
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %s (status %d) %s", f.Name, f.Message, f.Status, f.Data)
}

type answer struct {
	Handle string          `json:"handle"`
	Value  json.RawMessage `json:"value"`
	Error  *Failure        `json:"error"`
}

// StartNode starts the driver. The SDKs are installed when they are not yet.
func StartNode(t testing.TB) *Node {
	t.Helper()
	if err := installSDKs(); err != nil {
		if errors.Is(err, errNoNode) {
			missing(t, "node", err.Error())
		}
		t.Fatal(err)
	}
	noteRun(t)
	node := &Node{t: t, pending: map[int]chan answer{}, logs: map[string]*Log{}, joint: map[string]string{}, ended: make(chan struct{})}
	process := exec.Command("node", filepath.Join(nodeDir(), "driver.mjs"))
	process.Dir = nodeDir()
	process.Env = quietEnvironment()
	process.Stderr = &node.stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	node.stdin = stdin
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatalf("starting node: %v", err)
	}
	ready := make(chan struct{})
	go node.listen(stdout, ready)
	t.Cleanup(func() {
		// Open connections would keep the process alive; a killed one always
		// reports that it was killed.
		_ = process.Process.Kill()
		<-node.ended
		_ = process.Wait()
		node.report()
	})
	select {
	case <-ready:
	case <-node.ended:
		t.Fatalf("the driver ended at once:\n%s", node.stderr.tail(16<<10))
	case <-time.After(ProcessPatience):
		t.Fatal("the driver did not start")
	}
	return node
}

// report fails the test for exceptions that nobody caught: an SDK that throws
// in the background has received something it cannot digest.
func (n *Node) report() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, stack := range n.uncaught {
		n.t.Errorf("uncaught exception in an SDK: %s", stack)
	}
	if n.t.Failed() {
		n.t.Logf("log of the driver:\n%s", n.stderr.tail(16<<10))
	}
}

func (n *Node) listen(stdout io.Reader, ready chan<- struct{}) {
	defer close(n.ended)
	lines := bufio.NewReaderSize(stdout, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var said struct {
			answer
			ID       int    `json:"id"`
			On       string `json:"on"`
			Args     Call   `json:"args"`
			Uncaught string `json:"uncaught"`
			Ready    bool   `json:"ready"`
		}
		if err := json.Unmarshal(line, &said); err != nil {
			_, _ = n.stderr.Write(line)
			continue
		}
		switch {
		case said.Ready:
			close(ready)
		case said.On != "":
			log, name := n.log(said.On)
			if name != "" {
				said.Args = append(Call{quote(name)}, said.Args...)
			}
			log.Add(said.Args)
		case said.Uncaught != "":
			n.mu.Lock()
			n.uncaught = append(n.uncaught, said.Uncaught)
			n.mu.Unlock()
		default:
			n.mu.Lock()
			waiting := n.pending[said.ID]
			delete(n.pending, said.ID)
			n.mu.Unlock()
			if waiting != nil {
				waiting <- said.answer
			}
		}
	}
}

// log finds what a handler's calls are added to, and under which name if others
// share it.
func (n *Node) log(key string) (log *Log, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.logs[key], n.joint[key]
}

// handlerInto is handler for a log that others share: each call is preceded by
// the name of its handler.
func (n *Node) handlerInto(log *Log, name string) map[string]any {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lastLog++
	key := fmt.Sprintf("%d:%s", n.lastLog, name)
	n.logs[key], n.joint[key] = log, name
	return map[string]any{"$on": key}
}

// handler registers a log and returns the argument that makes the driver
// report calls to it. Only the picked members of the arguments are reported;
// none picked means all.
func (n *Node) handler(name string, pick ...string) (*Log, map[string]any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lastLog++
	key := fmt.Sprintf("%d:%s", n.lastLog, name)
	n.logs[key] = NewLog(name)
	spec := map[string]any{"$on": key}
	if len(pick) > 0 {
		spec["pick"] = pick
	}
	return n.logs[key], spec
}

// Promise is a call that has been made and may not have settled yet.
type Promise struct {
	what    string
	settled chan answer
	ended   <-chan struct{}
	err     error
	proof   func()
}

// proving gives the promise what to call when somebody has waited for its
// success.
func (p *Promise) proving(proof func()) *Promise {
	p.proof = proof
	return p
}

// begin makes a request. Requests are carried out in the order of their begin.
func (n *Node) begin(what string, request map[string]any) *Promise {
	promise := &Promise{what: what, settled: make(chan answer, 1), ended: n.ended}
	n.writing.Lock()
	defer n.writing.Unlock()
	n.mu.Lock()
	n.lastID++
	request["id"] = n.lastID
	n.pending[n.lastID] = promise.settled
	n.mu.Unlock()
	line, err := json.Marshal(request)
	if err == nil {
		_, err = n.stdin.Write(append(line, '\n'))
	}
	promise.err = err
	return promise
}

// Wait returns the value that the call settled with, a *Failure if it threw or
// was rejected, or another error if it did not settle in time.
func (p *Promise) Wait(patience time.Duration) (Result, error) {
	if p.err != nil {
		return Result{}, fmt.Errorf("%s: %w", p.what, p.err)
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case settled := <-p.settled:
		if settled.Error != nil {
			return Result{}, fmt.Errorf("%s: %w", p.what, settled.Error)
		}
		result := Result{Ref: Ref(settled.Handle), JSON: settled.Value}
		if p.proof != nil && result.Failure() == nil {
			p.proof()
		}
		return result, nil
	case <-p.ended:
		return Result{}, fmt.Errorf("%s: the driver ended", p.what)
	case <-timeout.C:
		return Result{}, fmt.Errorf("%s did not settle within %s", p.what, patience)
	}
}

// Settled says whether the call has settled. It does not take the value.
func (p *Promise) Settled() bool { return len(p.settled) > 0 }

// Result is a value returned by an SDK: kept in the driver under Ref, and its
// data as JSON.
type Result struct {
	Ref  Ref
	JSON json.RawMessage
}

// Part decodes a member of the value.
func (r Result) Part(name string, into any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(r.JSON, &members); err != nil {
		return fmt.Errorf("%w in %s", err, r.JSON)
	}
	member, ok := members[name]
	if !ok {
		return fmt.Errorf("no member %q in %s", name, r.JSON)
	}
	return json.Unmarshal(member, into)
}

// Failure returns the error of a failed result of a client SDK, or nil.
func (r Result) Failure() *Failure {
	var result struct {
		Failed bool `json:"failed"`
		Error  struct {
			Error   string `json:"error"`
			Message string `json:"message"`
		} `json:"error"`
	}
	// Some methods return something else than a result; nothing has failed then.
	_ = json.Unmarshal(r.JSON, &result)
	if !result.Failed {
		return nil
	}
	return &Failure{Name: result.Error.Error, Message: result.Error.Message}
}

// call makes a request for a method and returns its promise.
func (n *Node) call(who string, target Ref, method string, args ...any) *Promise {
	if args == nil {
		args = []any{}
	}
	return n.begin(who+"."+method, map[string]any{
		"op": "call", "target": string(target), "method": method, "args": args,
	})
}
