package chat

import (
	"mime"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FileType says where the bytes of a file are.
type FileType string

// The file types.
const (
	// HostedFile was uploaded; this server keeps its bytes.
	HostedFile FileType = "HOSTED"
	// ExternalFile is somewhere else; only its address is known.
	ExternalFile FileType = "EXTERNAL"
)

// Limits of what is kept about a file. Texts are measured in bytes of UTF-8.
const (
	MaxFileName    = 1024
	MaxContentType = 255
	MaxFileURL     = 4096
)

// UnknownContentType is that of a file about which nobody said anything.
const UnknownContentType = "application/octet-stream"

// File is what a message or a picture shows: who reads it can tell from its
// type whether to look for Key or for URL.
type File struct {
	Type FileType
	// Key names the bytes of a hosted file. It cannot be guessed and is never
	// used again, so what stands under it never changes.
	Key string
	// URL is where an external file is.
	URL         string
	Name        string
	ContentType string
	// Size is in bytes; of an external file it is what its sender said.
	Size int64
}

// hostedPrefix is where hosted files are found below the server's URL. It is
// kept with users, so it never changes.
const hostedPrefix = "/file/v1/"

// Path is where a hosted file is found below the server's URL. It needs neither
// query nor fragment: one SDK appends its grant as a query without looking.
func (f File) Path() string { return hostedPrefix + f.Key + "/" + url.PathEscape(f.Name) }

// Place is where the file is found: an address, or a path of this server, whose
// own address may change.
func (f File) Place() string {
	if f.Type == HostedFile {
		return f.Path()
	}
	return f.URL
}

// CheckExternal completes and checks what somebody says about a file that is
// elsewhere. Its address must be one of the web: pages put it where a browser
// follows it. The prefix leads to it within the input.
func CheckExternal(prefix string, f File) (File, error) {
	if err := CheckText(prefix+"url", f.URL, MaxFileURL); err != nil {
		return f, err
	}
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return f, Invalidf(prefix+"url", "must be an absolute http or https URL")
	}
	if f.Name == "" {
		f.Name = u.Path
	}
	if err := CheckOptionalText(prefix+"name", f.Name, MaxFileName); err != nil {
		return f, err
	}
	if f.ContentType == "" {
		f.ContentType = UnknownContentType
	}
	if err := CheckText(prefix+"contentType", f.ContentType, MaxContentType); err != nil {
		return f, err
	}
	if f.Size < 0 || f.Size >= 1<<53 {
		return f, Invalidf(prefix+"size", "must be a number of bytes")
	}
	f.Type, f.Key, f.Name = ExternalFile, "", FileName(f.Name)
	return f, nil
}

// FileName makes a name of whatever an uploader called his file: without the
// folders it came from, without what a terminal or a header would act on, and
// never empty. It is data and leads nowhere in a file system.
func FileName(given string) string {
	name := given[strings.LastIndexAny(given, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		// Marks of direction would let "gpj.exe" pass for "exe.jpg".
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = strings.TrimSpace(name)
	for len(name) > MaxFileName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if strings.Trim(name, ".") == "" {
		return "file"
	}
	return name
}

// ContentType is the given type where it is one that a header can carry, and
// empty where it says nothing.
func ContentType(given string) string {
	media, params, err := mime.ParseMediaType(given)
	if err != nil || len(given) > MaxContentType || !strings.Contains(media, "/") {
		return ""
	}
	return mime.FormatMediaType(media, params)
}

// ShownInline tells whether a browser may show a file of the type in place of
// saving it: only what cannot run a script in the name of this server.
func ShownInline(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	kind, sub, whole := strings.Cut(media, "/")
	if !whole {
		return false
	}
	switch kind {
	case "audio", "video":
		return !strings.Contains(sub, "xml")
	case "image":
		return !strings.Contains(sub, "svg") && !strings.Contains(sub, "xml")
	}
	return media == "text/plain" || media == "application/pdf"
}

// What is refused about files.
var (
	ErrUnknownFile  = &Error{NotFound, "FileNotFoundError", "There is no such file.", ""}
	ErrInvalidGrant = &Error{Forbidden, "InvalidFileGrantError", "The file access grant is missing, wrong or no longer good.", ""}
	ErrNoFile       = &Error{Invalid, "InvalidRequestError", "there must be a part with this name that holds the file", "file"}
	ErrFileTooLarge = &Error{TooLarge, "FileTooLargeError", "The file exceeds the limit of this server.", "file"}
	ErrUploadLost   = &Error{Unavailable, "UploadExpiredError", "The upload took too long.", "file"}
)
