// Package webpage finds out what web pages say that they are about, by the
// vocabularies in which they say so to others: Open Graph, Twitter cards and
// plain HTML.
//
// It trusts nothing of what it reads: how much, for how long and by how many
// redirects is bounded, and what is not as it should be is an error. Whether a
// host may be asked at all is for the transport to say; see package outbound.
//
// A Reader may be used by any number of goroutines and keeps nothing.
package webpage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// The bounds of what is read.
const (
	// MaxPage is how much of a page is read, in bytes, unpacked.
	MaxPage = 1 << 20
	// Patience is how long one page may take, from the first name to be
	// resolved to the last byte.
	Patience = 5 * time.Second
	// MaxRedirects is how many redirects are followed.
	MaxRedirects = 3
	// MaxAddress is how long an address may be, in bytes.
	MaxAddress = 2048
	// MaxTitle is how long a title may be, in bytes; a longer one is none.
	MaxTitle = 1024
	// MaxSiteName is the same for the name of a site.
	MaxSiteName = 256
	// MaxDescription is how long a description may be, in bytes; a longer one
	// is cut.
	MaxDescription = 1024
)

// Page is what a page says about itself. What it does not say, or not properly,
// is empty.
type Page struct {
	// URL is where the page was found, after redirects.
	URL                          string
	Title, Description, SiteName string
	// Image is the absolute http or https address of a picture.
	Image string
}

// Reader reads pages.
type Reader struct {
	client *http.Client
}

// NewReader makes a Reader of pages that come by way of a transport.
func NewReader(t http.RoundTripper) *Reader {
	return &Reader{client: &http.Client{Transport: t, CheckRedirect: checkRedirect}}
}

// errAddress refuses an address that no page is asked for at.
var errAddress = errors.New("webpage: not the address of a web page")

func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > MaxRedirects {
		return fmt.Errorf("webpage: more than %d redirects", MaxRedirects)
	}
	return checkAddress(r.URL)
}

// checkAddress refuses other schemes than those of the web, and names and
// passwords, which are nobody's business.
func checkAddress(u *url.URL) error {
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || len(u.String()) > MaxAddress {
		return errAddress
	}
	return nil
}

// Read reads a page.
func (r *Reader) Read(ctx context.Context, address string) (Page, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Page{}, errAddress
	}
	if err := checkAddress(u); err != nil {
		return Page{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Page{}, errAddress
	}
	request.Header.Set("Accept", "text/html, application/xhtml+xml")
	request.Header.Set("User-Agent", "Mozilla/5.0 (compatible; Purr link preview)")
	response, err := r.client.Do(request)
	if err != nil {
		return Page{}, fmt.Errorf("webpage: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Page{}, fmt.Errorf("webpage: status %d", response.StatusCode)
	}
	declared := response.Header.Get("Content-Type")
	if kind, _, err := mime.ParseMediaType(declared); err != nil || (kind != "text/html" && kind != "application/xhtml+xml") {
		return Page{}, fmt.Errorf("webpage: %q is no page", declared)
	}
	body, err := charset.NewReader(io.LimitReader(response.Body, MaxPage), declared)
	if err != nil {
		return Page{}, fmt.Errorf("webpage: %w", err)
	}
	return parse(body, response.Request.URL)
}

// parse reads the head of a page.
func parse(body io.Reader, at *url.URL) (Page, error) {
	z := html.NewTokenizer(body)
	z.SetMaxBuf(MaxPage)
	said := facts{}
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return Page{}, fmt.Errorf("webpage: %w", err)
			}
			return said.page(at), nil
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			switch atom.Lookup(name) {
			case atom.Body:
				return said.page(at), nil
			case atom.Title:
				if z.Next() == html.TextToken {
					said.add("title", string(z.Text()))
				}
			case atom.Meta:
				said.meta(attributes(z, more))
			default:
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == atom.Head {
				return said.page(at), nil
			}
		default:
		}
	}
}

func attributes(z *html.Tokenizer, more bool) map[string]string {
	all := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, twice := all[string(key)]; !twice {
			all[string(key)] = string(value)
		}
	}
	return all
}

// facts are what a page says, by the name that it is said under; where it says
// something twice, the first counts.
type facts map[string]string

func (f facts) add(name, value string) {
	if _, said := f[name]; !said && strings.TrimSpace(value) != "" {
		f[name] = value
	}
}

// meta takes an element meta. Pages mix up property and name.
func (f facts) meta(attributes map[string]string) {
	name := attributes["property"]
	if name == "" {
		name = attributes["name"]
	}
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "og:title", "og:description", "og:site_name", "og:image", "og:image:url", "og:image:secure_url",
		"twitter:title", "twitter:description", "twitter:image", "twitter:image:src", "description", "application-name":
		f.add(name, attributes["content"])
	}
}

// page puts together what is said, the most deliberate word first.
func (f facts) page(at *url.URL) Page {
	return Page{
		URL:         at.String(),
		Title:       f.text(MaxTitle, "og:title", "twitter:title", "title"),
		Description: cut(f.text(MaxPage, "og:description", "twitter:description", "description"), MaxDescription),
		SiteName:    f.text(MaxSiteName, "og:site_name", "application-name"),
		Image:       f.image(at),
	}
}

// text is the first of what is said under the names, if that is a proper text.
func (f facts) text(limit int, names ...string) string {
	for _, name := range names {
		if said, ok := f[name]; ok {
			if text := clean(said); len(text) <= limit {
				return text
			}
			return ""
		}
	}
	return ""
}

// clean is a text in one line, empty where it is not in the encoding that it
// was said to be in.
func clean(text string) string {
	if !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
		return ""
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// cut shortens a text to a number of bytes, between characters.
func cut(text string, limit int) string {
	const more = "…"
	if len(text) <= limit {
		return text
	}
	end := limit - len(more)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}

// image is the address of the first picture, absolute, empty where it is not
// one of the web.
func (f facts) image(at *url.URL) string {
	for _, name := range []string{"og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"} {
		u, err := at.Parse(strings.TrimSpace(f[name]))
		if f[name] != "" && err == nil && checkAddress(u) == nil {
			return u.String()
		}
	}
	return ""
}
