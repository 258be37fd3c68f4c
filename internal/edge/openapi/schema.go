package openapi

import (
	"slices"
	"strings"
)

// schema is a JSON schema as OpenAPI 3.0 has it. It is made once and not
// changed, so that parts can be shared.
type schema = map[string]any

// member is a member of an object.
type member struct {
	name     string
	schema   schema
	required bool
	// about is what the page says of it, where the name does not say it.
	about string
}

// must is a member that is always there, may one that can be absent.
func must(name string, s schema, about ...string) member {
	return member{name, s, true, strings.Join(about, " ")}
}

func may(name string, s schema, about ...string) member {
	return member{name, s, false, strings.Join(about, " ")}
}

// object is an object with these members. Others may be sent by clients, who
// are not told of them; answers have no others, which the tests see to.
func object(members ...member) schema {
	properties, required := schema{}, []string{}
	for _, m := range members {
		s := m.schema
		if m.about != "" {
			s = with(s, "description", m.about)
		}
		properties[m.name] = s
		if m.required {
			required = append(required, m.name)
		}
	}
	made := schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		slices.Sort(required)
		made["required"] = required
	}
	return made
}

// with is a schema with one more word. A reference can have none beside it, so
// it is wrapped.
func with(s schema, word string, value any) schema {
	if _, is := s["$ref"]; is {
		return schema{"allOf": []any{s}, word: value}
	}
	made := schema{word: value}
	for k, v := range s {
		made[k] = v
	}
	return made
}

// linked is an object with _links, which lead at least to these relations.
func linked(s schema, relations ...string) schema {
	links := make([]member, 0, len(relations))
	for _, r := range relations {
		links = append(links, must(r, ref("Link")))
	}
	made := with(s, "properties", schema{})
	properties := schema{"_links": object(links...)}
	for k, v := range s["properties"].(schema) {
		properties[k] = v
	}
	made["properties"] = properties
	required, _ := s["required"].([]string)
	made["required"] = append(slices.Clone(required), "_links")
	return made
}

func ref(name string) schema { return schema{"$ref": "#/components/schemas/" + name} }

func list(of schema) schema { return schema{"type": "array", "items": of} }

func word(values ...string) schema {
	return schema{"type": "string", "enum": values}
}

// oneOf is one of several objects, told apart by their member type.
func oneOf(kinds map[string]string) schema {
	mapping, of := schema{}, []any{}
	var names []string
	for kind, name := range kinds {
		mapping[kind] = "#/components/schemas/" + name
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		of = append(of, ref(name))
	}
	return schema{"oneOf": of, "discriminator": schema{"propertyName": "type", "mapping": mapping}}
}

// anyOf is one of several objects that have no common member to tell them
// apart.
func anyOf(names ...string) schema {
	of := []any{}
	for _, name := range names {
		of = append(of, ref(name))
	}
	return schema{"anyOf": of}
}

func id() schema      { return schema{"type": "integer", "format": "int64", "minimum": 1} }
func number() schema  { return schema{"type": "integer", "format": "int64"} }
func text() schema    { return schema{"type": "string"} }
func truth() schema   { return schema{"type": "boolean"} }
func instant() schema { return schema{"type": "string", "format": "date-time"} }
func address() schema { return schema{"type": "string", "format": "uri"} }

// texts is an object of the caller's own whose members are texts.
func texts() schema { return schema{"type": "object", "additionalProperties": text()} }

// free is an object of the caller's own, whose names nobody changes.
func free() schema { return schema{"type": "object", "additionalProperties": true} }
