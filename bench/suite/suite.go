package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// suite is one run of the whole.
type suite struct {
	ctx         context.Context
	purr, tools string
	quick       bool
	// work is where everything is kept meanwhile, results what load has
	// written.
	work, results string

	firstStarts, restarts, idleMemory []float64
}

// starts is how often the start is measured.
const starts = 5

// startUp measures how long Purr takes to its first answer, over an empty
// directory and again, and its memory when nobody is there.
func (s *suite) startUp() error {
	for range starts {
		data, err := os.MkdirTemp(s.work, "start-")
		if err != nil {
			return err
		}
		p, err := s.startPurr(data)
		if err != nil {
			return err
		}
		s.firstStarts = append(s.firstStarts, p.ready.Seconds()*1000)
		p.stop()
		if p, err = s.startPurr(data); err != nil {
			return err
		}
		s.restarts = append(s.restarts, p.ready.Seconds()*1000)
		s.wait(2 * time.Second)
		s.idleMemory = append(s.idleMemory, p.memory())
		p.stop()
	}
	return nil
}

// traffic runs what loads one server after the other, both alive, so that both
// meet the same neighbours.
func (s *suite) traffic() error {
	return s.sideBySide([][]string{
		{"-workload", "W1", "-n", s.clients(1000)},
		{"-workload", "W1", "-n", s.clients(5000)},
		{"-workload", "W3", "-n", s.clients(500)},
		{"-workload", "W3", "-n", s.clients(100)},
		{"-workload", "W6", "-n", s.clients(200)}, // the same senders, by another door
	})
}

// idle and storm begin with fresh servers: memory that has grown already would
// hide the cost of a session.

func (s *suite) idle() error {
	return s.sideBySide([][]string{{"-workload", "W2", "-n", s.clients(10000), "-repeat", "1"}})
}

func (s *suite) storm() error {
	return s.sideBySide([][]string{{"-workload", "W5", "-n", s.clients(5000)}})
}

func (s *suite) clients(n int) string {
	if s.quick {
		n /= 10
	}
	return strconv.Itoa(n)
}

// sideBySide runs workloads on Purr and on the floor.
func (s *suite) sideBySide(workloads [][]string) error {
	p, err := s.purrWithApplication()
	if err != nil {
		return err
	}
	defer p.stop()
	f, err := s.startFloor()
	if err != nil {
		return err
	}
	defer f.stop()
	for _, workload := range workloads {
		for _, target := range []*server{p, f} {
			if target == f && workload[1] == "W6" {
				continue // it has no Platform API
			}
			if err := s.load(target, workload); err != nil {
				return fmt.Errorf("%s %v: %w\n%s", target.label, workload, err, target.complaints())
			}
		}
	}
	return nil
}

// limit bounds one run of load.
const limit = 5 * time.Minute

func (s *suite) load(target *server, workload []string) error {
	args := append([]string{"-out", s.results, "-d", "4s"}, target.flags...)
	args = append(args, workload...)
	if s.quick {
		args = append(args, "-repeat", "1", "-d", "1s", "-warm", "500ms")
	}
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(s.tools, "load"), args...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return err
	}
	s.wait(time.Second)
	return nil
}

// wait lets the servers come to rest.
func (s *suite) wait(d time.Duration) {
	select {
	case <-s.ctx.Done():
	case <-time.After(d):
	}
}
