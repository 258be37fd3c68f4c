package chat_test

import (
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
)

func TestFileName(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"a.txt": "a.txt", "münchen 😀.png": "münchen 😀.png", "../../etc/passwd": "passwd", `C:\Users\x\a.doc`: "a.doc",
		"": "file", ".": "file", "..": "file", "...": "file", "/": "file", `a\`: "file", "  a  ": "a", " ": "file",
		"a\x00b\r\nc": "abc", "a\u202egpj.exe": "agpj.exe", "\xff\xfea": "a", ".htaccess": ".htaccess", "a?b#c%2F": "a?b#c%2F",
		strings.Repeat("ä", 2000): strings.Repeat("ä", chat.MaxFileName/2),
	} {
		if got := chat.FileName(given); got != want {
			t.Errorf("%.40q: %.40q, want %.40q", given, got, want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("../a\\b\x00")
	f.Fuzz(func(t *testing.T, given string) {
		name := chat.FileName(given)
		if err := chat.CheckText("name", name, chat.MaxFileName); err != nil || strings.ContainsAny(name, "/\\\r\n") || name == "." || name == ".." {
			t.Errorf("%q: %q %v", given, name, err)
		}
		if again := chat.FileName(name); again != name {
			t.Errorf("%q: %q then %q", given, name, again)
		}
		if path := (chat.File{Key: "k", Name: name}).Path(); strings.ContainsAny(path, "?# \\\"") || strings.Count(path, "/") != 4 {
			t.Errorf("%q: path %q", given, path)
		}
	})
}

func TestShownInline(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		"image/png": true, "image/jpeg": true, "IMAGE/PNG": true, "image/svg+xml": false, "image/svg": false, "image/x+xml": false,
		"audio/ogg": true, "video/mp4": true, "text/plain": true, "text/plain; charset=utf-8": true, "application/pdf": true,
		"text/html": false, "application/xhtml+xml": false, "text/xml": false, "application/javascript": false,
		"application/octet-stream": false, "": false, "image": false, ";": false,
	} {
		if chat.ShownInline(kind) != want {
			t.Errorf("%q is shown: %v", kind, !want)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"image/png": "image/png", "Text/Plain; Charset=utf-8": "text/plain; charset=utf-8",
		"": "", "nonsense": "", "text/html\r\nX: y": "", "a/b; c=" + strings.Repeat("x", 300): "",
	} {
		if got := chat.ContentType(given); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}
