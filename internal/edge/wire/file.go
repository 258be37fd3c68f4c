package wire

import (
	"strconv"
	"strings"

	"github.com/purrchat/purr/internal/chat"
)

// file appends what a message shows of its file (client-protocol 5.4,
// platform-api D.4).
func (s Style) file(dst []byte, f *chat.File) []byte {
	dst = append(dst, `,"file":{"type":"`...)
	dst = append(dst, f.Type...)
	dst = append(dst, `","url":`...)
	dst = AppendString(dst, s.address(f.Place()))
	dst = append(dst, `,"name":`...)
	dst = AppendString(dst, f.Name)
	dst = s.name(dst, contentType)
	dst = AppendString(dst, f.ContentType)
	dst = append(dst, `,"size":`...)
	dst = strconv.AppendInt(dst, f.Size, 10)
	return append(dst, '}')
}

// address completes a path of this server; other addresses are complete.
func (s Style) address(path string) string {
	if strings.HasPrefix(path, "/") {
		return s.Base + path
	}
	return path
}
