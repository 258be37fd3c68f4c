package serve

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// lookAtMemory is how often the node looks for memory it has no use for.
	lookAtMemory = 4 * time.Second
	// spareMemory is how much may lie idle, in bytes.
	spareMemory = 24 << 20
	// memoryPause is the least time between two returns, each of which costs
	// a garbage collection.
	memoryPause = time.Minute
)

// returnMemory gives memory back that a burst, such as thousands of clients
// that connect at once, has left idle. The runtime would do so in its own time,
// which is minutes.
func returnMemory(ctx context.Context) error {
	look := time.NewTicker(lookAtMemory)
	defer look.Stop()
	var last uint64
	var returned time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-look.C:
			idle, inUse := readMemory()
			// Only where nothing has grown since the last look: a burst needs
			// its memory again at once.
			calm := inUse <= last+last/20
			last = inUse
			if calm && idle > spareMemory && idle > inUse/5 && now.Sub(returned) > memoryPause {
				debug.FreeOSMemory()
				returned = now
				_, last = readMemory()
			}
		}
	}
}

// readMemory tells how much memory lies idle, counting what the next garbage
// collection may free, and how much is in use.
func readMemory() (idle, inUse uint64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
	}
	metrics.Read(samples)
	free, unused, objects, live, stacks := samples[0].Value.Uint64(), samples[1].Value.Uint64(), samples[2].Value.Uint64(), samples[3].Value.Uint64(), samples[4].Value.Uint64()
	garbage := uint64(0)
	if objects > live {
		garbage = objects - live
	}
	return free + unused + garbage, live + stacks
}
