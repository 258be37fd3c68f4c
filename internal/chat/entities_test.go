package chat_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/purrchat/purr/internal/chat"
)

// slice is JavaScript's body.slice(start, end).
func slice(body string, s chat.Span) string {
	return string(utf16.Decode(utf16.Encode([]rune(body))[s.Start:s.End]))
}

func TestLinksAreFoundWhereJavaScriptSeesThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want []string
	}{
		{"", nil}, {"nothing http here", nil}, {"http://", nil}, {"a://b xhttp://c", nil},
		{"https://a.example", []string{"https://a.example"}},
		{"😀 see HTTP://a.example/ä?q=1#f, and (https://b.example/x_(y)).", []string{"HTTP://a.example/ä?q=1#f", "https://b.example/x_(y)"}},
		{"<https://a.example>\n\"https://b.example\"", []string{"https://a.example", "https://b.example"}},
		{"https://a.example/!!!…", []string{"https://a.example/!!!…"}},
	} {
		var got []string
		for _, l := range chat.FindLinks(c.body) {
			got = append(got, l.Text)
			if cut := slice(c.body, l.Span); cut != l.Text {
				t.Errorf("%q: slice(%d, %d) is %q, want %q", c.body, l.Start, l.End, cut, l.Text)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%q: %q, want %q", c.body, got, c.want)
		}
	}
}

func TestTagsAreFoundWhereJavaScriptSeesThem(t *testing.T) {
	t.Parallel()
	body := "😀<@jane@x.example> and <#a room>, <@>, <@open"
	tags := chat.FindTags(body)
	if len(tags) != 2 || tags[0].Name != "jane@x.example" || tags[0].Channel || tags[1].Name != "a room" || !tags[1].Channel {
		t.Fatalf("%+v", tags)
	}
	for _, tag := range tags {
		if cut := slice(body, tag.Span); cut != tag.Text {
			t.Errorf("slice(%d, %d) is %q, want %q", tag.Start, tag.End, cut, tag.Text)
		}
	}
}

func TestABodyNamesALimitedNumberOfThings(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("<@a> https://a.example ", 100)
	if n := len(chat.FindTags(body)); n != chat.MaxMentions {
		t.Errorf("%d tags", n)
	}
	if n := len(chat.FindLinks(body)); n != chat.MaxLinks {
		t.Errorf("%d links", n)
	}
}

func FuzzEntities(f *testing.F) {
	f.Add("😀<@jane> https://a.example/(x)., <#é>")
	f.Fuzz(func(t *testing.T, body string) {
		body = strings.ToValidUTF8(body, "?")
		for _, l := range chat.FindLinks(body) {
			if cut := slice(body, l.Span); cut != l.Text {
				t.Errorf("link %+v cuts %q", l, cut)
			}
		}
		for _, tag := range chat.FindTags(body) {
			if cut := slice(body, tag.Span); cut != tag.Text {
				t.Errorf("tag %+v cuts %q", tag, cut)
			}
		}
	})
}
