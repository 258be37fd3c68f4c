package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a process that is measured.
type server struct {
	label   string
	command *exec.Cmd
	// flags are what load needs to speak to it.
	flags []string
	// ready is how long it took from its start to its first answer.
	ready time.Duration
	log   string
	ended chan error
}

// The labels.
const (
	purr  = "purr"
	floor = "floor"
)

// patience bounds the start and the end of a server.
const patience = 30 * time.Second

// startPurr starts Purr over a data directory, with its limits on speed off.
func (s *suite) startPurr(data string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	command := exec.Command(s.purr, "serve", "--listen", address, "--data", data,
		"--set", "http.requests_per_second=0", "--set", "http.application_requests_per_second=0", "--set", "connection.frames_per_second=0")
	command.Env = []string{"PURR_LOG_LEVEL=warn"}
	return s.start(purr, command, "http://"+address+"/readyz")
}

// purrWithApplication starts Purr over a new data directory, with an application
// that load can use.
func (s *suite) purrWithApplication() (*server, error) {
	data, err := os.MkdirTemp(s.work, "data-")
	if err != nil {
		return nil, err
	}
	create := exec.CommandContext(s.ctx, s.purr, "application", "create", "bench", "--json", "--data", data)
	create.Stderr = os.Stderr
	out, err := create.Output()
	if err != nil {
		return nil, fmt.Errorf("create an application: %w", err)
	}
	var made struct{ APIKey, ClientID, ClientSecret string }
	if err := json.Unmarshal(out, &made); err != nil {
		return nil, fmt.Errorf("create an application: %w", err)
	}
	p, err := s.startPurr(data)
	if err != nil {
		return nil, err
	}
	address := p.command.Args[3]
	p.flags = append(p.flags, "-target", "stompx", "-url", "ws://"+address+"/rtm/websocket?api-key="+made.APIKey,
		"-client-id", made.ClientID, "-client-secret", made.ClientSecret)
	return p, nil
}

// startFloor starts the floor. Its clients get as much as Purr's for each
// message, and answer as much.
func (s *suite) startFloor() (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.work, "floor-")
	if err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(s.tools, "rawserver"), "-listen", address, "-db", filepath.Join(dir, "floor.db"))
	f, err := s.start(floor, command, "http://"+address+"/")
	if err != nil {
		return nil, err
	}
	f.flags = append(f.flags, "-target", "raw", "-url", "ws://"+address+"/", "-rawacks", "-size", strconv.Itoa(eventSize))
	return f, nil
}

// eventSize is about what the event of a short message takes in the client
// protocol, in octets.
const eventSize = 2000

// start runs a server and waits until it answers.
func (s *suite) start(label string, command *exec.Cmd, probe string) (*server, error) {
	log, err := os.CreateTemp(s.work, label+"-*.log")
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	command.Stderr = log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &server{label: label, command: command, log: log.Name(), ended: make(chan error, 1)}
	began := time.Now()
	if err := command.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- command.Wait() }()
	p.flags = []string{"-label", label, "-pid", strconv.Itoa(command.Process.Pid)}
	for {
		if answers(s.ctx, probe) {
			p.ready = time.Since(began)
			return p, nil
		}
		select {
		case err := <-p.ended:
			return nil, fmt.Errorf("%s ended: %w\n%s", label, err, p.complaints())
		case <-s.ctx.Done():
			p.stop()
			return nil, s.ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if time.Since(began) > patience {
			p.stop()
			return nil, fmt.Errorf("%s does not answer\n%s", label, p.complaints())
		}
	}
}

func answers(ctx context.Context, probe string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, probe, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (p *server) complaints() string {
	text, _ := os.ReadFile(p.log)
	return string(text)
}

// memory is the resident size in MiB.
func (p *server) memory() float64 {
	status, _ := os.ReadFile("/proc/" + strconv.Itoa(p.command.Process.Pid) + "/status")
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(value)[0])
			return float64(kb) / 1024
		}
	}
	return 0
}

// stop ends the process in order and, where that takes too long, by force.
func (p *server) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.command.Process.Kill()
		<-p.ended
	}
}

// freeAddress finds a port that nobody uses.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
