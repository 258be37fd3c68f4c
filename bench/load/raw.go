package main

import "strconv"

// target speaks one server's protocol. prepare, open and join run while
// sessions are set up and may wait; the others run on the loop's thread, or for
// every message, and must be cheap.
type target interface {
	// protocol is the WebSocket sub-protocol to offer.
	protocol() string
	// prepare makes users and rooms before anybody connects.
	prepare(*bench) error
	// open logs a session in and subscribes to what every client hears.
	open(*bench, *session) error
	// join makes a session hear a room.
	join(b *bench, s *session, room int) error
	// frame appends the WebSocket frame that sends a body to a room.
	frame(dst []byte, s *session, room int, id uint32, body []byte) []byte
	// message handles what has arrived.
	message(s *session, p []byte, now int64)
	// flush is called after everything that one read brought was handled.
	flush(*session)
}

// raw is the protocol of rawserver.
type raw struct {
	// acks answers each delivery as a client of ours does.
	acks bool
	// idle is how many topics of its own a session listens to.
	idle int
}

type rawState struct{ acks []byte }

// rawAck is as long as the ACK frame that an SDK answers an event with.
var rawAck = []byte("K0123456789012345678901234567890123456789")

func (raw) protocol() string     { return "" }
func (raw) prepare(*bench) error { return nil }

func (t raw) open(b *bench, s *session) error {
	s.state = &rawState{}
	for i := range t.idle {
		if err := t.join(b, s, 1_000_000+s.index*t.idle+i); err != nil {
			return err
		}
	}
	return nil
}

func (raw) join(_ *bench, s *session, room int) error {
	join := "J" + strconv.Itoa(room)
	if err := s.send(join); err != nil {
		return err
	}
	for {
		p, err := s.receive()
		if err != nil || string(p) == join {
			return err
		}
	}
}

func (raw) frame(dst []byte, s *session, room int, id uint32, body []byte) []byte {
	p := append(s.payload[:0], 'P')
	p = strconv.AppendInt(p, int64(room), 10)
	p = append(p, ' ')
	p = strconv.AppendUint(p, uint64(id), 10)
	p = append(p, ' ')
	p = append(p, body...)
	s.payload = p
	return appendFrame(dst, opText, p)
}

func (t raw) message(s *session, p []byte, now int64) {
	if len(p) == 0 {
		return
	}
	switch p[0] {
	case 'M':
		s.loop.heard(p, now)
		if t.acks {
			state := s.state.(*rawState)
			state.acks = appendFrame(state.acks, opText, rawAck)
		}
	case 'A':
		id, _ := number(p[1:])
		s.loop.acknowledged(s, uint32(id), now)
	}
}

func (raw) flush(s *session) {
	state := s.state.(*rawState)
	if len(state.acks) > 0 {
		_ = s.write(state.acks) // whoever is gone is noticed by reading
		state.acks = state.acks[:0]
	}
}
