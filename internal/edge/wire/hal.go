package wire

import (
	"strconv"
	"strings"
)

// hal is one relation of _links: its path below the application, with a place
// for the entity's identifier.
type hal struct{ relation, path string }

// applicationURL is where everything of the application lives.
func (s Style) applicationURL() string {
	return s.Base + "/v1/applications/" + strconv.FormatInt(int64(s.Tenant), 10)
}

// halLinks appends _links (platform-api D.0): the given relations and that to
// the application.
func (s Style) halLinks(dst []byte, links []hal, id int64) []byte {
	base := s.applicationURL()
	text := strconv.FormatInt(id, 10)
	dst = append(dst, `,"_links":{`...)
	for _, l := range links {
		dst = AppendLink(dst, l.relation, base+strings.ReplaceAll(l.path, "{id}", text))
		dst = append(dst, ',')
	}
	dst = AppendLink(dst, "application", base)
	return append(dst, '}')
}

// AppendLink appends one relation of _links.
func AppendLink(dst []byte, relation, href string) []byte {
	dst = AppendString(dst, relation)
	dst = append(dst, `:{"href":`...)
	dst = AppendString(dst, href)
	return append(dst, '}')
}
