// Command load puts a chat server under one kind of load and measures it from
// the outside; ../README.md tells how. It speaks to servers on this machine
// only.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"
)

type options struct {
	url                    string
	clientID, clientSecret string
	label, out             string
	pid                    int

	workload       string
	n, size        int
	rate           float64
	window         int
	rooms, perRoom int

	repeat, loops, together int
	duration, warmUp        time.Duration
}

// setUpTimeout bounds the set-up of one session.
const setUpTimeout = time.Minute

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		say("%v", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	b := &bench{run: strconv.FormatInt(time.Now().UnixMilli()%1e9, 36)}
	o := &b.options
	var kind string
	var rawAcks, silent bool
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&o.workload, "workload", "", "W1 fan-out, W2 idle, W3 pairs, W4 rooms, W5 storm, W6 requests")
	flags.IntVar(&o.n, "n", 0, "W1, W5: members of the room; W2, W4: sessions; W3: pairs; W6: HTTP clients (0: a standard)")
	flags.Float64Var(&o.rate, "rate", 0, "W1, W3: messages a second in all (0: as many as the server takes)")
	flags.IntVar(&o.window, "window", 0, "messages under way: W1 whole fan-outs (16), W3 of each sender (1), W4 in all (256)")
	flags.IntVar(&o.rooms, "rooms", 1000, "W4: rooms")
	flags.IntVar(&o.perRoom, "members", 10, "W4: members of a room")
	flags.IntVar(&o.size, "size", 120, "octets of a message's body")
	flags.IntVar(&o.repeat, "repeat", 3, "measured windows")
	flags.DurationVar(&o.duration, "d", 6*time.Second, "length of a window")
	flags.DurationVar(&o.warmUp, "warm", 2*time.Second, "warm-up before the first window")
	flags.IntVar(&o.together, "together", 64, "sessions set up at a time")
	flags.IntVar(&o.loops, "loops", 1, "threads of the generator")
	flags.StringVar(&kind, "target", "stompx", "stompx, or raw for the floor")
	flags.StringVar(&o.url, "url", "", "WebSocket URL of the server, on this machine")
	flags.StringVar(&o.clientID, "client-id", "", "stompx: client id of the application")
	flags.StringVar(&o.clientSecret, "client-secret", "", "stompx: its secret")
	flags.BoolVar(&silent, "silent", false, "stompx: acknowledge no event")
	flags.BoolVar(&rawAcks, "rawacks", false, "raw: answer each delivery with as much as an acknowledgement")
	flags.IntVar(&o.pid, "pid", 0, "the server's process, to measure")
	flags.StringVar(&o.label, "label", "", "name in the results (standard: the target)")
	flags.StringVar(&o.out, "out", "", "append the results to this file, a JSON object a line")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch kind {
	case "stompx":
		b.target = &stompx{silent: silent}
	case "raw":
		b.target = raw{acks: rawAcks, idle: rawTopics(o.workload)}
	default:
		return fmt.Errorf("no target is called %q", kind)
	}
	if o.label == "" {
		o.label = kind
	}
	if err := onThisMachine(o.url); err != nil {
		return err
	}
	raiseFiles()
	return b.measure()
}

// rawTopics is how many topics of its own a raw session listens to where the
// workload is about sessions: as many as the SDK makes.
func rawTopics(workload string) int {
	if workload == "W2" {
		return len(userTopics)
	}
	return 0
}

func onThisMachine(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	ip := net.ParseIP(u.Hostname())
	if u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is not on this machine", u.Hostname())
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "load: "+format+"\n", args...) }
