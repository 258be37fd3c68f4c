package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/purrchat/purr/internal/edge/httpbase"
)

// bases are the prefixes that a path is served under: generations of SDKs put
// the version there, or the application too, or nothing (platform-api A.4).
type bases uint8

const (
	root bases = 1 << iota
	versioned
	tenant

	everywhere = root | versioned | tenant
)

// prefixes are the bases as they stand in a pattern.
func (b bases) prefixes() []string {
	var list []string
	if b&root != 0 {
		list = append(list, "")
	}
	if b&versioned != 0 {
		list = append(list, "/v1")
	}
	if b&tenant != 0 {
		list = append(list, "/v1/applications/{application}")
	}
	return list
}

// handler makes one resource of all rows with the same path, so that a method
// that a path lacks is refused in the API's own words.
func (d *door) handler() http.Handler {
	mux := http.NewServeMux()
	resources := map[string]resource{}
	for _, row := range d.routes() {
		for _, prefix := range row.bases.prefixes() {
			pattern := prefix + row.path
			s := resources[pattern]
			if s == nil {
				s = resource{}
				resources[pattern] = s
				mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { d.dispatch(s, w, r) })
			}
			s[row.method] = row
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { d.refuse(w, r, errUnknownPath) })
	return mux
}

// resource is what one path offers, by method.
type resource map[string]route

func (d *door) dispatch(s resource, w http.ResponseWriter, r *http.Request) {
	row, ok := s[r.Method]
	if !ok && r.Method == http.MethodHead {
		row, ok = s[http.MethodGet]
	}
	switch {
	case ok && row.open != nil:
		httpbase.SetRoute(r.Context(), row.path)
		row.open(w, r)
	case ok:
		httpbase.SetRoute(r.Context(), "/v1"+row.path)
		d.serve(row, w, r)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", s.allowed())
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", s.allowed())
		d.refuse(w, r, errUnknownMethod)
	}
}

// allowed lists the methods for the header Allow.
func (s resource) allowed() string {
	methods := []string{http.MethodOptions}
	for method := range s {
		methods = append(methods, method)
	}
	if _, ok := s[http.MethodGet]; ok {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}
