package jsonarray_test

import (
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/purrchat/purr/internal/kit/jsonarray"
)

const limit = 1 << 10

// read gives all elements, "too large" for those that are, and the end.
func read(r *jsonarray.Reader) (elements []string, offsets []int64, end error) {
	for {
		element, err := r.Next()
		switch {
		case errors.Is(err, jsonarray.ErrTooLarge):
			elements = append(elements, "too large")
		case err != nil:
			return elements, offsets, err
		default:
			elements = append(elements, string(element))
		}
		offsets = append(offsets, r.Offset())
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	large := `"` + strings.Repeat("x", limit) + `"`
	deep := strings.Repeat("[", limit)
	for text, want := range map[string]struct {
		elements []string
		end      string
	}{
		`[]`:                                    {nil, "EOF"},
		" \n[ ]\t":                              {nil, "EOF"},
		"\xef\xbb\xbf[1]":                       {[]string{"1"}, "EOF"},
		`[1,2 , 3]`:                             {[]string{"1", "2", "3"}, "EOF"},
		`[{"a":"]},\""},["[",{}], "x\\"]`:       {[]string{`{"a":"]},\""}`, `["[",{}]`, `"x\\"`}, "EOF"},
		`[null,true,-1.5e3,"ä"]`:                {[]string{"null", "true", "-1.5e3", `"ä"`}, "EOF"},
		`[` + large + `,1,{"a":` + large + `}]`: {[]string{"too large", "1", "too large"}, "EOF"},
		`[{oops},{]},2]`:                        {[]string{"{oops}", "{]"}, "a comma or the end of the array is missing at octet 10"},
		`[{oops},{"a":1}]`:                      {[]string{"{oops}", `{"a":1}`}, "EOF"},
		``:                                      {nil, "the text ends before the array does at octet 0"},
		`{"a":[]}`:                              {nil, "a JSON array must begin here at octet 0"},
		`[1`:                                    {nil, "the text ends before the array does at octet 2"},
		`[{"a":1`:                               {nil, "the text ends before the array does at octet 7"},
		`[{} {}]`:                               {[]string{"{}"}, "a comma or the end of the array is missing at octet 4"},
		`[1,]`:                                  {[]string{"1"}, "an element is missing at octet 3"},
		`[,1]`:                                  {nil, "an element is missing at octet 1"},
		`[1]]`:                                  {[]string{"1"}, "nothing may follow the array at octet 3"},
		`[1] x`:                                 {[]string{"1"}, "nothing may follow the array at octet 4"},
		`[` + deep:                              {nil, "the text ends before the array does at octet 1025"},
	} {
		name := text[:min(len(text), 20)]
		for kind, source := range map[string]io.Reader{"at once": strings.NewReader(text), "octet by octet": iotest.OneByteReader(strings.NewReader(text))} {
			elements, offsets, end := read(jsonarray.New(source, limit))
			if end.Error() != want.end || !slices.Equal(elements, want.elements) {
				t.Errorf("%s %s: %q, %v; want %q, %s", name, kind, elements, end, want.elements, want.end)
			}
			// From behind each element the rest is the same.
			for i, offset := range offsets {
				again, _, _ := read(jsonarray.Resume(strings.NewReader(text[offset:]), offset, limit))
				if !slices.Equal(again, elements[i+1:]) {
					t.Errorf("%s: resumed behind element %d: %q", name, i, again)
				}
			}
		}
	}
}

func TestAFaultOfTheSourceIsTold(t *testing.T) {
	t.Parallel()
	fault := errors.New("the disk broke")
	r := jsonarray.New(io.MultiReader(strings.NewReader("[1,"), iotest.ErrReader(fault)), limit)
	elements, _, err := read(r)
	if len(elements) != 1 || !errors.Is(err, fault) {
		t.Errorf("%q, %v", elements, err)
	}
	if _, err := r.Next(); !errors.Is(err, fault) {
		t.Errorf("again: %v", err)
	}
}

// However long an element is, it is not held.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	huge := io.MultiReader(strings.NewReader(`["`), io.LimitReader(endless{}, 256<<20), strings.NewReader(`",1]`))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	elements, _, err := read(jsonarray.New(huge, limit))
	runtime.ReadMemStats(&after)
	if !slices.Equal(elements, []string{"too large", "1"}) || !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", elements, err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("%d octets were allocated", grown)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{`[]`, `[1,{"a":[2]}]`, `[{"a":"\""} , "x"]`, `[[`, `{}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		elements, _, err := read(jsonarray.New(strings.NewReader(text), len(text)))
		var want []json.RawMessage
		if json.Unmarshal([]byte(text), &want) != nil || want == nil {
			return
		}
		if !errors.Is(err, io.EOF) || len(elements) != len(want) {
			t.Fatalf("%d elements, %v; want %d", len(elements), err, len(want))
		}
		for i, element := range elements {
			if element != string(want[i]) {
				t.Errorf("element %d: %q, want %q", i, element, want[i])
			}
		}
	})
}
