package openapi

import (
	"bytes"
	"html/template"
	"slices"
	"strings"
)

// Page is the page that shows the API to people. It needs no script and
// nothing from elsewhere.
func Page() ([]byte, error) {
	type tag struct {
		Name       string
		Operations []Operation
	}
	var tags []tag
	for _, o := range Operations() {
		if i := slices.IndexFunc(tags, func(t tag) bool { return t.Name == o.Tag }); i >= 0 {
			tags[i].Operations = append(tags[i].Operations, o)
			continue
		}
		tags = append(tags, tag{o.Tag, []Operation{o}})
	}
	all := schemas()
	type resource struct {
		Name    string
		Members []pageMember
		Kinds   []string
	}
	var resources []resource
	for name, s := range all {
		resources = append(resources, resource{name, membersOf(s), kindsOf(s)})
	}
	slices.SortFunc(resources, func(a, b resource) int { return strings.Compare(a.Name, b.Name) })
	page, err := template.New("page").Funcs(template.FuncMap{
		"parameters": parametersOf, "body": bodyOf, "answer": answerOf,
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, map[string]any{"Version": Version, "Tags": tags, "Resources": resources})
	return b.Bytes(), err
}

// pageMember is a row of a table of members or parameters.
type pageMember struct {
	Name, Type, About, Link string
	Required                bool
}

// parametersOf are the parameters of an operation's query.
func parametersOf(o Operation) []pageMember {
	var rows []pageMember
	for _, p := range o.parameters {
		kind, link := typeOf(p.schema)
		rows = append(rows, pageMember{Name: p.name, Type: kind, Link: link, About: p.about, Required: p.required})
	}
	return rows
}

// bodyOf is what goes into an operation, under each media type.
func bodyOf(o Operation) []pageMember {
	var rows []pageMember
	for _, b := range o.body {
		kind, link := typeOf(b.schema)
		rows = append(rows, pageMember{Name: strings.Join(b.media, ", "), Type: kind, Link: link})
		if link == "" {
			rows = append(rows, membersOf(b.schema)...)
		}
	}
	return rows
}

// answerOf is what comes out of it.
func answerOf(o Operation) pageMember {
	if o.answer == nil {
		return pageMember{Type: "nothing"}
	}
	members, _ := o.answer["properties"].(schema)
	if embedded, ok := members["_embedded"].(schema); ok {
		for name, s := range embedded["properties"].(schema) {
			_, link := typeOf(s.(schema)["items"].(schema))
			return pageMember{Name: name, Type: "page of " + link, Link: link}
		}
	}
	kind, link := typeOf(o.answer)
	return pageMember{Type: kind, Link: link}
}

func membersOf(s schema) []pageMember {
	members, _ := s["properties"].(schema)
	required, _ := s["required"].([]string)
	var rows []pageMember
	for name, of := range members {
		kind, link := typeOf(of.(schema))
		about, _ := of.(schema)["description"].(string)
		rows = append(rows, pageMember{name, kind, about, link, slices.Contains(required, name)})
	}
	slices.SortFunc(rows, func(a, b pageMember) int { return strings.Compare(a.Name, b.Name) })
	return rows
}

// kindsOf are the schemas that a schema is one of.
func kindsOf(s schema) (names []string) {
	for _, word := range []string{"oneOf", "anyOf"} {
		of, _ := s[word].([]any)
		for _, one := range of {
			_, link := typeOf(one.(schema))
			names = append(names, link)
		}
	}
	return names
}

// typeOf says what a schema is, in a word or two, and which other one it leads
// to.
func typeOf(s schema) (kind, link string) {
	if to, is := s["$ref"].(string); is {
		name := to[strings.LastIndexByte(to, '/')+1:]
		return name, name
	}
	if of, is := s["allOf"].([]any); is {
		return typeOf(of[0].(schema))
	}
	if items, is := s["items"].(schema); is {
		kind, link = typeOf(items)
		return "list of " + kind, link
	}
	if values, is := s["enum"].([]string); is {
		return strings.Join(values, " | "), ""
	}
	kind, _ = s["type"].(string)
	if format, is := s["format"].(string); is {
		kind += " (" + format + ")"
	}
	if kind == "" {
		kind = "any value"
	}
	return kind, ""
}

const pageText = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Purr Platform API</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1c1c1e; background: #fff }
h2 { margin-top: 3rem; border-bottom: 1px solid #ccc }
h3 { margin-bottom: .2rem }
code, .path { font-family: ui-monospace, monospace; font-size: .9em }
table { border-collapse: collapse; margin: .5rem 0 1rem }
td, th { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0 }
.method { font-weight: 600 }
nav li { display: inline; margin-right: 1rem }
nav ul { padding: 0 }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #161618 } a { color: #8ab4f8 } }
</style>
<h1>Purr Platform API</h1>
<p>Version {{.Version}} of the contract. For machines: <a href="openapi.json">openapi.json</a>. Every operation but that for tokens needs
the header <code>Authorization: Bearer</code> and an access token.</p>
<nav><ul>{{range .Tags}}<li><a href="#{{.Name}}">{{.Name}}</a></li>{{end}}<li><a href="#schemas">Resources</a></li></ul></nav>
{{range .Tags}}<h2 id="{{.Name}}">{{.Name}}</h2>
{{range .Operations}}<h3 id="{{.ID}}">{{.Summary}}</h3>
<div class="path"><span class="method">{{.Method}}</span> {{.Path}}</div>
{{with .About}}<p>{{.}}</p>{{end}}
{{with parameters .}}<table><tr><th>Parameter<th>Type<th>{{range .}}<tr><td><code>{{.Name}}</code>{{if .Required}} *{{end}}<td>{{.Type}}<td>{{.About}}{{end}}</table>{{end}}
{{with body .}}<table><tr><th>Body<th>Type<th>{{range .}}<tr><td><code>{{.Name}}</code>{{if .Required}} *{{end}}<td>{{if .Link}}<a href="#{{.Link}}">{{.Type}}</a>{{else}}{{.Type}}{{end}}<td>{{.About}}{{end}}</table>{{end}}
{{with answer .}}<p>Answer: {{if .Link}}<a href="#{{.Link}}">{{.Type}}</a>{{else}}{{.Type}}{{end}}</p>{{end}}
{{end}}{{end}}
<h2 id="schemas">Resources</h2>
{{range .Resources}}<h3 id="{{.Name}}">{{.Name}}</h3>
{{with .Kinds}}<p>One of {{range .}}<a href="#{{.}}">{{.}}</a> {{end}}</p>{{end}}
{{with .Members}}<table>{{range .}}<tr><td><code>{{.Name}}</code>{{if .Required}} *{{end}}<td>{{if .Link}}<a href="#{{.Link}}">{{.Type}}</a>{{else}}{{.Type}}{{end}}<td>{{.About}}{{end}}</table>{{end}}
{{end}}
</html>
`
