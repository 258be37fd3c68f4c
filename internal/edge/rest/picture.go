package rest

import (
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/purrchat/purr/internal/chat"
)

// drawPicture answers GET /picture/{name} with the picture of users who have
// set none: their initials on a colour that follows from the name. It is open,
// since pages show it as an image, and tells nothing that is not in its
// address.
func (d *door) drawPicture(w http.ResponseWriter, r *http.Request) {
	// The name is form-encoded, so a space came as a plus, which the path
	// would keep.
	escaped := r.URL.EscapedPath()
	name, err := url.QueryUnescape(escaped[strings.LastIndexByte(escaped, '/')+1:])
	if err == nil {
		err = chat.CheckText("name", name, chat.MaxDisplayName)
	}
	if err != nil {
		d.refuse(w, r, errUnknownPath)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", "public, max-age=604800")
	// An SVG opened as a page could run scripts; this one has none to run.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	// Who has left does not see it; there is nobody else to tell.
	_, _ = w.Write(avatar(name))
}

// avatar draws the initials of a name.
func avatar(name string) []byte {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name)) // never fails
	var text strings.Builder
	_ = xml.EscapeText(&text, []byte(initials(name))) // a Builder never fails
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128" viewBox="0 0 128 128">`+
		`<rect width="128" height="128" fill="hsl(%d,45%%,42%%)"/>`+
		`<text x="64" y="64" dy=".36em" fill="#fff" font-family="sans-serif" font-size="52" text-anchor="middle">%s</text></svg>`,
		sum.Sum32()%360, text.String())
}

// initials are the first signs of the first and of the last word.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsGraphic(r)
	})
	switch len(words) {
	case 0:
		return "?"
	case 1:
		return firstSign(words[0])
	default:
		return firstSign(words[0]) + firstSign(words[len(words)-1])
	}
}

// firstSign prefers a letter or a digit to whatever stands before it.
func firstSign(word string) string {
	letter := strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	for _, r := range word[max(letter, 0):] {
		return string(unicode.ToUpper(r))
	}
	return ""
}
