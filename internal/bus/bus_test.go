package bus_test

import (
	"testing"

	"github.com/purrchat/purr/internal/bus"
	"github.com/purrchat/purr/internal/bus/bustest"
)

func TestLocal(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(*testing.T) []bus.Bus { return []bus.Bus{bus.NewLocal()} })
}
