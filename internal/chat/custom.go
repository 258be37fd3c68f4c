package chat

import "encoding/json"

// MaxEventType bounds the type of a custom event.
const MaxEventType = 1024

// CustomEvent is something that members of a channel tell each other beside
// messages. Only those who are there, or come back, hear of it.
type CustomEvent struct {
	Type       string          `json:"type"`
	Properties json.RawMessage `json:"properties"`
}
