package rest

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// pace counts a request, or tells how long to wait before the next try. What
// a token is refused does not count for its application.
func (d *door) pace(application chat.ApplicationID, token string) (wait time.Duration) {
	if wait = d.byToken.take(application, token); wait == 0 {
		wait = d.byApplication.take(application, "")
	}
	return wait
}

// limiter lets each access token make so many requests a second, with bursts.
// It is the generic cell rate algorithm: all it knows of a token is when the
// requests that it has made would be used up at the allowed pace.
type limiter struct {
	interval time.Duration // between two requests at the allowed pace
	slack    time.Duration // how far ahead of that pace one may be
	now      func() time.Time
	seed     maphash.Seed
	shards   [limiterShards]limiterShard
}

const (
	limiterShards = 16
	// limiterTokens bounds what a shard remembers.
	limiterTokens = 4096
)

type limiterShard struct {
	mu   sync.Mutex
	used map[limiterKey]time.Time
}

// limiterKey stands for a token without holding it. Should two tokens of an
// application meet in one hash, they share a limit.
type limiterKey struct {
	application chat.ApplicationID
	hash        uint64
}

// newLimiter makes a limiter with bursts of twice as many requests as there may
// be in a second. Where there is no limit, there is no limiter.
func newLimiter(perSecond int, now func() time.Time) *limiter {
	if perSecond == 0 {
		return nil
	}
	interval := time.Second / time.Duration(perSecond)
	l := &limiter{interval: interval, slack: interval * time.Duration(2*perSecond-1), now: now, seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].used = map[limiterKey]time.Time{}
	}
	return l
}

// take counts a request, or tells how long to wait before the next try. A nil
// limiter lets everything pass.
func (l *limiter) take(application chat.ApplicationID, token string) (wait time.Duration) {
	if l == nil {
		return 0
	}
	key := limiterKey{application, maphash.String(l.seed, token)}
	now := l.now()
	s := &l.shards[key.hash%limiterShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	used, known := s.used[key]
	if !known && len(s.used) >= limiterTokens {
		s.makeRoom(now)
	}
	if used.Before(now) {
		used = now
	}
	if ahead := used.Sub(now); ahead > l.slack {
		return ahead - l.slack
	}
	s.used[key] = used.Add(l.interval)
	return 0
}

// makeRoom looks at a few tokens, whichever they are, and forgets those that
// have nothing used up. Where all have, one goes nevertheless: it gets a fresh
// burst, which harms less than growing.
func (s *limiterShard) makeRoom(now time.Time) {
	const few = 16
	seen, forgotten := 0, 0
	for key, used := range s.used {
		if seen++; used.Before(now) || seen == few && forgotten == 0 {
			delete(s.used, key)
			forgotten++
		}
		if seen == few {
			return
		}
	}
}
