package rtm

import (
	"context"
	"sync"
)

// maxUnderWay bounds the actions of one connection that wait for their commit;
// the reader waits with the next one.
const maxUnderWay = 64

// underWay is an action that has its place and waits for its outcome.
type underWay struct {
	path, receipt, request string
	wait                   func() (*answer, error)
	done                   context.CancelFunc
}

// pipeline answers the actions under way of one connection, in order. It has a
// goroutine only while there are any.
type pipeline struct {
	mu    sync.Mutex
	queue []*underWay
	// idle is signalled when the queue has become shorter.
	shorter sync.Cond
	running bool
}

// add appends an action; it is called by the connection's reader.
func (p *pipeline) add(c *connection, u *underWay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) >= maxUnderWay {
		p.shorter.Wait()
	}
	p.queue = append(p.queue, u)
	if !p.running {
		p.running = true
		go p.run(c)
	}
}

func (p *pipeline) run(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 {
		u := p.queue[0]
		p.mu.Unlock()
		u.conclude(c)
		p.mu.Lock()
		p.queue[0] = nil
		p.queue = p.queue[1:]
		p.shorter.Broadcast()
	}
	p.queue, p.running = nil, false
	p.shorter.Broadcast()
}

// conclude waits for the outcome and answers; a panic ends the connection, not
// the process.
func (u *underWay) conclude(c *connection) {
	defer u.done()
	alive := true
	defer func() {
		if !alive {
			c.link.finish()
		}
	}()
	defer c.contain(&alive)
	a, err := u.wait()
	c.conclude(u.path, u.receipt, u.request, a, err)
}

// wait returns once nothing is under way, so that what the client asks for
// next comes after what it asked for before.
func (p *pipeline) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.running {
		p.shorter.Wait()
	}
}
