package harness

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Schema is what tests have to know of the tables. Everything else is compared
// without being understood.
type Schema struct {
	// VolatileTables change by themselves, or belong to a door rather than to
	// the deed: connections, tokens, leases, migrations.
	VolatileTables []string
	// IgnoredNames are columns, and members of JSON values, that differ
	// between any two deeds or name the door they came through.
	IgnoredNames []string
	// MessageSequences lists id and seq of a channel's messages, in order of
	// seq. Its one argument is the channel.
	MessageSequences string
	// KnownIDs gives names to identifiers, so that the right ones are told
	// from the wrong ones. All other long numbers count as equal: they are
	// fresh identifiers or times.
	KnownIDs map[string]string
}

// CurrentSchema is the only place that names tables and columns.
func CurrentSchema() Schema {
	return Schema{
		VolatileTables: []string{
			"access_tokens", "chat_sessions", "event_log", "goose_db_version", "nodes", "request_results", "search_index", "search_index_config",
			"search_index_content", "search_index_data", "search_index_docsize", "search_index_idx", "search_ranges", "search_state", "user_sessions",
		},
		IgnoredNames: []string{
			"seq", "position", "ordinal", "own_unread", "message_count", "last_message", "session_id", "request",
		},
		MessageSequences: "SELECT id, seq FROM messages WHERE channel_id = $1 ORDER BY seq",
	}
}

// Knowing returns the schema with names for some identifiers.
func (s Schema) Knowing(ids map[string]string) Schema {
	s.KnownIDs = ids
	return s
}

var (
	longNumber = regexp.MustCompile(`\d{10,}`)
	isoTime    = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?`)
)

// Normalize writes JSON so that it is equal for what means the same.
func (s Schema) Normalize(text json.RawMessage) string {
	value, ok := decodeJSON(string(text))
	if !ok {
		return string(text)
	}
	normal, err := json.Marshal(s.strip(value))
	if err != nil {
		return string(text)
	}
	return string(normal)
}

func (s Schema) normalize(row Row) string {
	clean := s.strip(map[string]any(row))
	text, err := json.Marshal(clean)
	if err != nil {
		return fmt.Sprint(clean)
	}
	return string(text)
}

// strip leaves ignored names out, looks into text that is JSON, and replaces
// identifiers and times.
func (s Schema) strip(value any) any {
	switch value := value.(type) {
	case map[string]any:
		clean := map[string]any{}
		for name, member := range value {
			if !slices.Contains(s.IgnoredNames, name) {
				clean[name] = s.strip(member)
			}
		}
		return clean
	case []any:
		clean := make([]any, len(value))
		for i, item := range value {
			clean[i] = s.strip(item)
		}
		return clean
	case nil, bool:
		return value
	case string:
		if inner, ok := decodeJSON(value); ok {
			return s.strip(inner)
		}
		return s.anonymize(value)
	default:
		return s.anonymize(fmt.Sprint(value))
	}
}

// decodeJSON reads text that is a JSON object or list, keeping long numbers
// exact.
func decodeJSON(text string) (any, bool) {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil, false
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, false
	}
	return value, true
}

func (s Schema) anonymize(text string) string {
	text = isoTime.ReplaceAllString(text, "<time>")
	return longNumber.ReplaceAllStringFunc(text, func(number string) string {
		if name, known := s.KnownIDs[number]; known {
			return "<" + name + ">"
		}
		return "<number>"
	})
}
