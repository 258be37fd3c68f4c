package openapi

import (
	"encoding/json"
	"maps"
	"strings"
	"unicode"
)

// Version is the version of the published contract that the API keeps.
const Version = "2.49.2"

// snakeMedia is the media type under which members are spelled in snake case.
const snakeMedia = "application/vnd.chatkitty+json"

// Snake marks the twins of schemas as they look in snake case.
const Snake = "InSnakeCase"

// Document is the OpenAPI 3.0 document, as JSON. It does not fail but by a
// fault in the tables, which the tests would find.
func Document() ([]byte, error) {
	all := schemas()
	components := make(schema, 2*len(all))
	for name, s := range all {
		components[name] = s
		components[name+Snake] = snake(s)
	}
	paths := schema{}
	var tags []any
	seen := map[string]bool{}
	for _, o := range Operations() {
		item, ok := paths[o.Path].(schema)
		if !ok {
			item = schema{}
			paths[o.Path] = item
		}
		item[strings.ToLower(o.Method)] = o.document()
		if !seen[o.Tag] {
			seen[o.Tag] = true
			tags = append(tags, schema{"name": o.Tag})
		}
	}
	return json.Marshal(schema{
		"openapi": "3.0.3",
		"info": schema{
			"title":       "Purr Platform API",
			"version":     Version,
			"description": "What the servers of an application do with its users, channels and messages. Answers are JSON with links (HAL). Member names are in camel case; under " + snakeMedia + " they are in snake case. Bodies are understood in either.",
		},
		"servers": []any{
			schema{"url": "/v1"}, schema{"url": "/"},
			schema{"url": "/v1/applications/{application}", "variables": schema{"application": schema{"default": "1", "description": "The identifier of the application that the access token is for."}}},
		},
		"tags":     tags,
		"security": []any{schema{"token": []any{}}},
		"paths":    paths,
		"components": schema{
			"schemas": components,
			"securitySchemes": schema{"token": schema{"type": "oauth2", "flows": schema{
				"clientCredentials": schema{"tokenUrl": "/oauth/token", "scopes": schema{}},
			}}},
		},
	})
}

func (o Operation) document() schema {
	d := schema{"operationId": o.ID, "summary": o.Summary, "tags": []string{o.Tag}, "responses": o.answers()}
	if o.About != "" {
		d["description"] = o.About
	}
	if o.open {
		d["security"] = []any{schema{}}
	}
	if p := o.allParameters(); len(p) > 0 {
		d["parameters"] = p
	}
	if len(o.body) > 0 {
		content := schema{}
		for _, b := range o.body {
			for _, media := range b.media {
				content[media] = schema{"schema": spelled(media, b.schema)}
			}
		}
		d["requestBody"] = schema{"required": o.Method != "PATCH", "content": content}
	}
	return d
}

func (o Operation) allParameters() []any {
	var all []any
	for part := range strings.SplitSeq(o.Path, "/") {
		if name, is := strings.CutPrefix(part, "{"); is {
			name = strings.TrimSuffix(name, "}")
			s := id()
			if name == "name" {
				s = text()
			}
			all = append(all, schema{"name": name, "in": "path", "required": true, "schema": s})
		}
	}
	for _, p := range o.parameters {
		d := schema{"name": p.name, "in": "query", "schema": p.schema, "description": p.about}
		if p.required {
			d["required"] = true
		}
		all = append(all, d)
	}
	return all
}

// answers are the success and the refusals, by status.
func (o Operation) answers() schema {
	success := schema{"description": "Done."}
	if o.answer != nil {
		content := schema{}
		for _, media := range []string{"application/json", "application/hal+json", "application/vnd.hal+json", snakeMedia, "application/vnd.chatkitty.v1+json"} {
			content[media] = schema{"schema": spelled(media, o.answer)}
		}
		success["content"] = content
	}
	status := o.status
	if status == "" {
		status = "200"
	}
	answers := schema{status: success}
	refusals := map[string]string{
		"400": "The request makes no sense, or breaks a rule.", "401": "No access token, or none that is valid.",
		"403": "The access token does not allow this.", "404": "There is no such thing.",
		"406": "None of the media types that are accepted can be made.", "429": "Too many requests; the header Retry-After says how many seconds to wait.",
		"500": "Something went wrong on our side.", "503": "Not now: the request took too long, or the server is about to stop.",
	}
	if len(o.body) > 0 {
		refusals["413"] = "The body is too large."
		refusals["415"] = "The body is of a media type that cannot be read."
	}
	for status, about := range refusals {
		if _, own := answers[status]; own {
			continue
		}
		s := ref("ApiError")
		if status == "401" || status == "403" || status == "400" && o.open {
			s = ref("AuthenticationError")
		}
		answers[status] = schema{"description": about, "content": schema{"application/json": schema{"schema": s}}}
		if o.Method == "HEAD" {
			answers[status] = schema{"description": about}
		}
	}
	return answers
}

// spelled is a schema as it looks under a media type.
func spelled(media string, s schema) schema {
	if media != snakeMedia {
		return s
	}
	return snake(s)
}

// snake is a schema with the names of members in snake case, and with
// references to schemas that are so. Relations of _links, the callers' own
// objects, and isGuest of users are spelled as they are.
func snake(s schema) schema {
	made := maps.Clone(s)
	for k, v := range s {
		switch k {
		case "properties":
			members := schema{}
			for name, of := range v.(schema) {
				if name != "_links" {
					of = snake(of.(schema))
				}
				members[snakeName(name)] = of
			}
			made[k] = members
		case "required":
			var names []string
			for _, name := range v.([]string) {
				names = append(names, snakeName(name))
			}
			made[k] = names
		case "items":
			made[k] = snake(v.(schema))
		case "oneOf", "anyOf", "allOf":
			var of []any
			for _, one := range v.([]any) {
				of = append(of, snake(one.(schema)))
			}
			made[k] = of
		case "$ref":
			made[k] = v.(string) + Snake
		case "discriminator":
			mapping := schema{}
			for kind, name := range v.(schema)["mapping"].(schema) {
				mapping[kind] = name.(string) + Snake
			}
			made[k] = schema{"propertyName": "type", "mapping": mapping}
		}
	}
	return made
}

func snakeName(name string) string {
	if name == "isGuest" || strings.HasPrefix(name, "_") {
		return name
	}
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
