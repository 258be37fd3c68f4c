// Command rawserver is the floor that Purr is measured against: a WebSocket
// broadcast server with nothing but what the work itself needs. It knows no
// users, rights, links or resuming. With -db it commits every message, in
// groups, before anybody hears of it.
//
// Its protocol: "J7" joins room 7 and is sent back; "P7 42 text" publishes the
// text as message 42, which every member hears as "Mtext" and the sender, once
// it is stored, as "A42".
package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"flag"
	"fmt"
	"log"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

type message struct {
	from *conn
	room int
	id   []byte
	body []byte
}

// server is the rooms, and the messages that wait for the hub.
type server struct {
	store *store // nil: nothing is stored

	mu    sync.RWMutex
	rooms map[int]map[*conn]struct{}

	waiting sync.Mutex
	queue   []message
	wake    chan struct{}
}

func main() {
	address := flag.String("listen", "127.0.0.1:9101", "address to serve on")
	file := flag.String("db", "", "SQLite file to store messages in")
	flag.Parse()
	raiseFiles()
	s := &server{rooms: map[int]map[*conn]struct{}{}, wake: make(chan struct{}, 1)}
	if *file != "" {
		var err error
		if s.store, err = openStore(*file); err != nil {
			log.Fatal(err)
		}
	}
	go s.hub()
	listener := &http.Server{Addr: *address, Handler: s, ReadHeaderTimeout: time.Minute}
	log.Fatal(listener.ListenAndServe())
}

func raiseFiles() {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) == nil {
		r.Cur = r.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
	}
}

// ServeHTTP makes a WebSocket of every request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	accept := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	hijacker, ok := w.(http.Hijacker)
	if !ok || r.Header.Get("Sec-WebSocket-Key") == "" {
		return
	}
	nc, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	if _, err := fmt.Fprintf(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(accept[:])); err != nil {
		_ = nc.Close()
		return
	}
	c := &conn{Conn: nc}
	// A fresh goroutine lets go of net/http's stack and buffers.
	go func() {
		c.read(func(p []byte) { s.handle(c, p) })
		s.leave(c)
	}()
}

func (s *server) handle(c *conn, p []byte) {
	switch p[0] {
	case 'J':
		room, _ := strconv.Atoi(string(p[1:]))
		s.join(c, room)
		c.send(p)
	case 'P':
		fields := bytes.SplitN(bytes.Clone(p[1:]), []byte(" "), 3)
		if len(fields) < 3 {
			return
		}
		room, _ := strconv.Atoi(string(fields[0]))
		s.waiting.Lock()
		s.queue = append(s.queue, message{c, room, fields[1], fields[2]})
		s.waiting.Unlock()
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

func (s *server) join(c *conn, room int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[room] == nil {
		s.rooms[room] = map[*conn]struct{}{}
	}
	s.rooms[room][c] = struct{}{}
	c.rooms = append(c.rooms, room)
}

func (s *server) leave(c *conn) {
	s.mu.Lock()
	for _, room := range c.rooms {
		delete(s.rooms[room], c)
		if len(s.rooms[room]) == 0 {
			delete(s.rooms, room)
		}
	}
	s.mu.Unlock()
	_ = c.Close()
}

// hub takes all that waits, commits it as one group and writes to each receiver
// once.
func (s *server) hub() {
	for range s.wake {
		for {
			s.waiting.Lock()
			group := s.queue
			s.queue = nil
			s.waiting.Unlock()
			if len(group) == 0 {
				break
			}
			if s.store != nil {
				if err := s.store.commit(group, time.Now().UnixMilli()); err != nil {
					log.Print(err)
					continue
				}
			}
			flushAll(s.deliver(group))
		}
	}
}

// deliver queues what a group of messages says, and gives those who are due.
func (s *server) deliver(group []message) (due []*conn) {
	for _, m := range group {
		// Receivers may share it, so each message gets memory of its own.
		frame := appendHeader(make([]byte, 0, len(m.body)+16), 1+len(m.body))
		frame = append(append(frame, 'M'), m.body...)
		s.mu.RLock()
		for c := range s.rooms[m.room] {
			if c.queue(frame) {
				due = append(due, c)
			}
		}
		s.mu.RUnlock()
		ack := append(appendHeader(nil, 1+len(m.id)), 'A')
		if m.from.queue(append(ack, m.id...)) {
			due = append(due, m.from)
		}
	}
	return due
}

// flushAll writes to the receivers, many of them on all processors.
func flushAll(due []*conn) {
	parts := runtime.GOMAXPROCS(0)
	if len(due) < 128 {
		parts = 1
	}
	var all sync.WaitGroup
	for part := range parts {
		all.Go(func() {
			for _, c := range due[len(due)*part/parts : len(due)*(part+1)/parts] {
				c.flush()
			}
		})
	}
	all.Wait()
}
