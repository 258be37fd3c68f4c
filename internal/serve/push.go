package serve

import (
	"strings"

	"github.com/purrchat/purr/internal/config"
)

// pushSubject is how the operators of push services reach those of this server:
// by its address, where it has a public one.
func pushSubject(c config.Config) string {
	if strings.HasPrefix(c.PublicURL, "https://") {
		return c.PublicURL
	}
	return "mailto:nobody@example.org"
}
