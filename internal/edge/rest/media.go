package rest

import (
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/purrchat/purr/internal/edge/wire"
)

// The media types of answers (platform-api A.5), all of them JSON.
const (
	mediaJSON      = "application/json"
	mediaHAL       = "application/hal+json"
	mediaVendorHAL = "application/vnd.hal+json"
	mediaKitty     = "application/vnd.chatkitty+json"
	mediaKittyV1   = "application/vnd.chatkitty.v1+json"
)

// offered lists them, the one for callers without a wish first.
func offered() []string {
	return []string{mediaJSON, mediaHAL, mediaVendorHAL, mediaKitty, mediaKittyV1}
}

// spelling is how member names are written under a media type (decision D3).
func spelling(media string) wire.Spelling {
	if media == mediaKitty {
		return wire.Snake
	}
	return wire.Camel
}

// negotiate picks the media type of the answer by the header Accept (RFC 9110
// section 12.5.1): the highest quality and, among equals, the most exact wish,
// then the earlier one. Parts that make no sense are passed over.
func negotiate(accept []string) (string, error) {
	wishes := wishesOf(strings.Join(accept, ","))
	if len(wishes) == 0 {
		return mediaJSON, nil
	}
	best, found := "", wish{}
	for _, media := range offered() {
		w, ok := wishFor(media, wishes)
		if ok && w.quality > 0 && (best == "" || w.before(found)) {
			best, found = media, w
		}
	}
	if best == "" {
		return "", errNotAcceptable
	}
	return best, nil
}

// wish is one media range of an Accept header.
type wish struct {
	kind    string // such as application/json, application/*+json, application/*, */*
	quality float64
	exact   int // how exact the range is, for the ranges that match
	place   int // where in the header it stood
}

func (w wish) before(o wish) bool {
	switch {
	case w.quality != o.quality:
		return w.quality > o.quality
	case w.exact != o.exact:
		return w.exact > o.exact
	default:
		return w.place < o.place
	}
}

// maxWishes is more than any client has; what follows is ignored.
const maxWishes = 64

func wishesOf(accept string) []wish {
	var wishes []wish
	for i, part := range strings.SplitN(accept, ",", maxWishes+1) {
		if i == maxWishes || strings.TrimSpace(part) == "" {
			continue
		}
		w := wish{quality: 1, place: i}
		kind, parameters, _ := strings.Cut(part, ";")
		w.kind = strings.ToLower(strings.TrimSpace(kind))
		for parameter := range strings.SplitSeq(parameters, ";") {
			name, value, _ := strings.Cut(parameter, "=")
			if strings.EqualFold(strings.TrimSpace(name), "q") {
				if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && q >= 0 && q <= 1 {
					w.quality = q
				}
			}
		}
		wishes = append(wishes, w)
	}
	return wishes
}

// wishFor finds the most exact range that a media type matches.
func wishFor(media string, wishes []wish) (best wish, ok bool) {
	for _, w := range wishes {
		switch w.kind {
		case media:
			w.exact = 3
		case "application/*+json":
			if !strings.HasSuffix(media, "+json") {
				continue
			}
			w.exact = 2
		case "application/*":
			w.exact = 1
		case "*/*", "*":
			w.exact = 0
		default:
			continue
		}
		if !ok || w.exact > best.exact {
			best, ok = w, true
		}
	}
	return best, ok
}

// The media types of requests.
func jsonBodies() []string {
	return []string{mediaJSON, mediaKitty, mediaKittyV1, mediaHAL, mediaVendorHAL}
}

// patchBodies has the contract's own spelling first and that of RFC 7396
// second.
func patchBodies() []string {
	return append([]string{"application/json+merge-patch", "application/merge-patch+json"}, jsonBodies()...)
}

// checkBody refuses a body of a type that cannot be read. One that does not
// say what it is has to turn out as JSON.
func checkBody(contentType string, readable []string) error {
	if contentType == "" {
		return nil
	}
	// What is wrong with the parameters is no matter: none is needed.
	media, _, _ := mime.ParseMediaType(contentType)
	if !slices.Contains(readable, media) {
		return errMediaType
	}
	return nil
}
