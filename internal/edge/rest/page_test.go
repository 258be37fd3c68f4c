package rest_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// crowd makes users whose names, display names and ages sort differently.
func crowd(c *client, count int) (byName []int64) {
	c.t.Helper()
	for i := range count {
		body := object{"name": fmt.Sprintf("user %02d", i), "displayName": fmt.Sprintf("Group %d", i%3)}
		byName = append(byName, c.do("POST", "/users", body).ok().id())
	}
	return byName
}

func TestNumberedPages(t *testing.T) {
	t.Parallel()
	c := start(t)
	all := crowd(c, 30)
	base := fmt.Sprintf("%s/v1/applications/%d/users", c.url, c.app.ID)
	links := func(d document) object {
		found := object{}
		for relation := range d.at("_links").value.(object) {
			found[relation] = strings.TrimPrefix(d.link(relation), base)
		}
		return found
	}

	first := c.do("GET", "/users", nil).ok()
	if !cmp.Equal(first.ids(), all[:25]) {
		t.Errorf("the first page is %v", first.ids())
	}
	if diff := cmp.Diff(object{"size": 25.0, "totalElements": 30.0, "totalPages": 2.0, "number": 0.0}, first.at("page").value); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{
		"first": "?page=0&size=25", "self": "?page=0&size=25", "next": "?page=1&size=25", "last": "?page=1&size=25",
	}, links(first)); diff != "" {
		t.Error(diff)
	}
	middle := c.do("GET", "/users?page=1&size=10&sort=name%2Cdesc&access_token=secret", nil).ok()
	if diff := cmp.Diff(object{
		"first": "?page=0&size=10&sort=name%2Cdesc", "prev": "?page=0&size=10&sort=name%2Cdesc", "self": "?page=1&size=10&sort=name%2Cdesc",
		"next": "?page=2&size=10&sort=name%2Cdesc", "last": "?page=2&size=10&sort=name%2Cdesc",
	}, links(middle)); diff != "" {
		t.Error(diff)
	}
	single := c.do("GET", "/users?size=100", nil).ok()
	if diff := cmp.Diff(object{"self": "?page=0&size=100"}, links(single)); diff != "" {
		t.Error(diff)
	}
	past := c.do("GET", "/users?page=7&size=10", nil).ok()
	if len(past.ids()) != 0 || past.number("page", "number") != 7 || past.number("page", "totalElements") != 30 || past.link("next") != "" {
		t.Errorf("past the end: %v", past.value)
	}
	empty := c.do("GET", "/channels", nil).ok()
	if len(empty.ids()) != 0 || empty.number("page", "totalElements") != 0 || empty.number("page", "totalPages") != 0 {
		t.Errorf("nothing: %v", empty.value)
	}

	// Walking yields everything once and ends where last led to.
	var walked []int64
	for href := c.do("GET", "/users?size=7&sort=displayName&sort=id%2Cdesc", nil).ok().link("self"); href != ""; {
		page := c.follow(href).ok()
		walked = append(walked, page.ids()...)
		last := page.link("last")
		href = page.link("next")
		if href == "" && page.link("self") != last {
			t.Errorf("the walk ended at %s, not at %s", page.link("self"), last)
		}
	}
	want := slices.Clone(all)
	slices.SortFunc(want, func(a, b int64) int {
		x, y := slices.Index(all, a), slices.Index(all, b)
		if x%3 != y%3 {
			return x%3 - y%3
		}
		return y - x
	})
	if !cmp.Equal(walked, want) {
		t.Errorf("walked %v, want %v", walked, want)
	}
}

func TestLinksKeepFilters(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("a & b=c")
	for i := range 3 {
		c.createChannel("PUBLIC", fmt.Sprint(i), alice)
		c.createChannel("PRIVATE", fmt.Sprint("p", i), alice)
	}
	asked := query("type", "PUBLIC", "members", "a & b=c", "startTime", "2020-01-01T00:00:00+02:00", "size", "2", "sort", "name,desc")
	d := c.do("GET", "/channels"+asked, nil).ok()
	next := c.follow(d.link("next")).ok()
	if d.number("page", "totalElements") != 3 || next.number("page", "totalElements") != 3 || len(next.ids()) != 1 || next.text("_embedded", "channels", 0, "name") != "0" {
		t.Errorf("the next page is %v", next.value)
	}
	link, err := url.Parse(next.link("self"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(url.Values{
		"type": {"PUBLIC"}, "members": {"a & b=c"}, "startTime": {"2020-01-01T00:00:00+02:00"}, "page": {"1"}, "size": {"2"}, "sort": {"name,desc"},
	}, link.Query()); diff != "" {
		t.Error(diff)
	}
}

func TestSorting(t *testing.T) {
	t.Parallel()
	c := start(t)
	all := crowd(c, 9)
	groups := func(order ...int) (ids []int64) {
		for _, i := range order {
			ids = append(ids, all[i])
		}
		return ids
	}
	down := groups(8, 7, 6, 5, 4, 3, 2, 1, 0)
	for sorting, want := range map[string][]int64{
		"":                                       all,
		"sort=name":                              all,
		"sort=name%2Casc":                        all,
		"sort=name,DESC":                         down,
		"sort=id,desc":                           down,
		"sort=displayName":                       groups(0, 3, 6, 1, 4, 7, 2, 5, 8),
		"sort=display_name,desc":                 groups(2, 5, 8, 1, 4, 7, 0, 3, 6),
		"sort=displayName&sort=name,desc":        groups(6, 3, 0, 7, 4, 1, 8, 5, 2),
		"sort=displayName,name,desc":             groups(8, 5, 2, 7, 4, 1, 6, 3, 0),
		"sort=createdTime,desc&sort=name":        all, // the clock stood still
		"sort=created_time&sort=name,desc":       down,
		"sort=":                                  all,
		"sort=,":                                 all,
		"sort=desc":                              all,
		"sort=unknown,desc":                      all,
		"sort=name)%3B%20DROP%20TABLE%20users--": all,
		"sort=%00&sort=%ff&sort=__&sort=name,sideways":  all,
		"sort=name,desc&sort=name,asc":                  down,
		strings.Repeat("sort=name,desc&", 3000) + "x=y": down,
	} {
		if got := c.do("GET", "/users?"+sorting, nil).ok().ids(); !cmp.Equal(got, want) {
			t.Errorf("%.60s: %v, want %v", sorting, got, want)
		}
	}
}

func TestOddPages(t *testing.T) {
	t.Parallel()
	c := start(t)
	crowd(c, 3)
	for asked, want := range map[string][2]int64{ // number and size
		"size=0": {0, 25}, "size=-1": {0, 25}, "size=x": {0, 25}, "size=": {0, 25}, "size=1.5": {0, 25}, "size=1": {0, 1},
		"size=1000": {0, 1000}, "size=1001": {0, 1000}, "size=2147483648": {0, 1000}, "size=9223372036854775807": {0, 1000},
		"size=9223372036854775808": {0, 25}, "page=-1": {0, 25}, "page=x": {0, 25}, "page=1": {1, 25},
		"page=2147483647&size=1000": {2147483647, 1000}, "page=9223372036854775807": {0, 25}, "page=1e3": {0, 25}, "page=%00": {0, 25},
		"page=0&page=1": {0, 25}, "page[]=1": {0, 25}, "%zz": {0, 25},
	} {
		d := c.do("GET", "/users?"+asked, nil).ok()
		if d.number("page", "number") != want[0] || d.number("page", "size") != want[1] || d.number("page", "totalElements") != 3 {
			t.Errorf("%s: %v", asked, d.at("page").value)
		}
	}
}

// talk fills a channel with messages, newest first.
func talk(c *client, channel int64, count int) (newestFirst []int64) {
	c.t.Helper()
	for i := range count {
		newestFirst = append(newestFirst, c.sendMessage(channel, strconv.Itoa(i)))
	}
	slices.Reverse(newestFirst)
	return newestFirst
}

func TestCursorPages(t *testing.T) {
	t.Parallel()
	for _, media := range []string{"application/json", kitty} {
		c := start(t)
		channel := c.createChannel("PUBLIC", "square", c.createUser("somebody between"))
		all := talk(c, channel, 23)
		list := path("/channels/%d/messages", channel)

		var walked []int64
		var pages []document
		for href := c.do("GET", list+"?size=5", nil).ok().link("self"); href != ""; href = pages[len(pages)-1].link("next") {
			page := c.follow(href, "Accept", media).ok()
			pages = append(pages, page)
			walked = append(walked, page.ids()...)
			if page.number("page", "size") != 5 {
				t.Errorf("the page says %v", page.at("page").value)
			}
			checkCursors(t, page)
			if self := c.follow(page.link("self")).ok(); !cmp.Equal(self.ids(), page.ids()) {
				t.Errorf("self of %v leads to %v", page.ids(), self.ids())
			}
			c.sendMessage(channel, "meanwhile") // must shift nothing
		}
		if !cmp.Equal(walked, all) {
			t.Errorf("walked %v, want %v", walked, all)
		}
		for i := len(pages) - 1; i > 0; i-- {
			previous := c.follow(pages[i].link("prev")).ok()
			if !cmp.Equal(previous.ids(), pages[i-1].ids()) {
				t.Errorf("before page %d comes %v, not %v", i, previous.ids(), pages[i-1].ids())
			}
			if next := c.follow(previous.link("next")).ok(); !cmp.Equal(next.ids(), pages[i].ids()) {
				t.Errorf("from page %d there and back: %v", i, next.ids())
			}
		}
		if pages[0].link("prev") != "" || pages[len(pages)-1].has("page", "next") {
			t.Errorf("the ends lead further: %v, %v", pages[0].at("_links").value, pages[len(pages)-1].at("page").value)
		}
	}
}

// checkCursors wants integers below 2^53 that are the same everywhere.
func checkCursors(t *testing.T, page document) {
	t.Helper()
	for relation := range page.at("_links").value.(object) {
		link, err := url.Parse(page.link(relation))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"self": "SELF", "next": "NEXT", "prev": "PREVIOUS"}[relation]
		if got := link.Query().Get("relation"); got != want || link.Query().Get("size") != "5" {
			t.Errorf("the link %s is %s", relation, link)
		}
		for _, name := range []string{"start", "next"} {
			value := link.Query().Get(name)
			if value != page.text("page", name) {
				t.Errorf("%s is %q in the link and %q in the page", name, value, page.text("page", name))
			}
			if n, err := strconv.ParseInt(value, 10, 64); value != "" && (err != nil || n >= 1<<53) {
				t.Errorf("the cursor %s is %q", name, value)
			}
		}
	}
}

func TestCursorPageEnds(t *testing.T) {
	t.Parallel()
	c := start(t)
	channel := c.createChannel("PUBLIC", "square")
	list := path("/channels/%d/messages", channel)
	empty := c.do("GET", list, nil).ok()
	if len(empty.ids()) != 0 || empty.number("page", "size") != 25 || empty.link("self") == "" || empty.link("next") != "" || empty.link("prev") != "" {
		t.Errorf("an empty channel: %v", empty.value)
	}
	c.follow(empty.link("self")).ok()
	all := talk(c, channel, 10)
	d := c.do("GET", list+"?size=5", nil).ok()
	d = c.follow(d.link("next")).ok()
	if !cmp.Equal(d.ids(), all[5:]) || d.link("next") != "" {
		t.Errorf("a page that ends where the channel does: %v", d.value)
	}
}

func TestOddCursors(t *testing.T) {
	t.Parallel()
	c := start(t)
	channel := c.createChannel("PUBLIC", "square")
	all := talk(c, channel, 6)
	list := path("/channels/%d/messages?", channel)
	d := c.do("GET", list+"size=2", nil).ok()
	start, next := d.text("page", "start"), d.text("page", "next")
	for asked, want := range map[string][]int64{
		"":                                            all,
		"relation=SELF":                               all,
		"start=&next=&relation=":                      all,
		"start=0&next=0":                              all,
		"size=0":                                      all,
		"size=2&relation=self":                        all[:2],
		"size=2&start=" + next:                        all[2:4],
		"size=2&next=" + next:                         all[2:4],
		"size=2&relation=NEXT&next=" + next:           all[2:4],
		"size=2&relation=PREVIOUS&start=" + next:      all[:2],
		"relation=PREVIOUS&start=" + start:            {},
		"start=9223372036854775807":                   all,
		"relation=PREVIOUS&start=9223372036854775807": {},
	} {
		if got := c.do("GET", list+asked, nil).ok().ids(); !cmp.Equal(got, want) {
			t.Errorf("%s: %v, want %v", asked, got, want)
		}
	}
	for asked, field := range map[string]string{
		"relation=SIDEWAYS": "relation", "relation=NEXT": "next", "relation=PREVIOUS": "start", "start=x": "start", "start=-1": "start",
		"next=1.5": "next", "next=9223372036854775808": "next", "start=%00": "start",
	} {
		if d := c.do("GET", list+asked, nil).refused(400); d.text("properties", "field") != field {
			t.Errorf("%s: %v", asked, d.value)
		}
	}
}
