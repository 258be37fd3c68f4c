package wire_test

import (
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func TestContext(t *testing.T) {
	t.Parallel()
	for want, positions := range map[string][]chat.ReadPosition{
		`{}`:                        nil,
		`{"9":[1]}`:                 {{User: 1, Message: 9}},
		`{"9":[1,2],"8":[3]}`:       {{User: 1, Message: 9}, {User: 2, Message: 9}, {User: 3, Message: 8}},
		`{"9":[1],"8":[2],"7":[3]}`: {{User: 1, Message: 9}, {User: 2, Message: 8}, {User: 3, Message: 7}},
	} {
		got := string(wire.Context(nil, "12", "", positions))
		if full := `{"startCursor":"12","endCursor":"","readBy":` + want + `}`; got != full {
			t.Errorf("%s, want %s", got, full)
		}
	}
}
