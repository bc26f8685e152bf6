package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/staff-control/staff-control/platform/actor"
)

// object is a piece of the document. Go writes maps in the order of their keys, so the document is always the same.
type object = map[string]any

func (s *Server) serveOpenAPI() {
	const path = "/api/openapi.json"
	s.Router("httpx", []string{path}).GET(path, actor.Public,
		Handle(http.StatusOK, func(context.Context, struct{}) (json.RawMessage, error) { return s.openAPI() }),
		Doc("This document"))
}

// OpenAPI describes all routes, except those that serve files by a wildcard and gRPC's procedures, as OpenAPI 3.1.
func (s *Server) OpenAPI() ([]byte, error) {
	types := newSchemas()
	paths, ids := object{}, map[string]bool{}
	for _, r := range s.routes {
		if !r.described() {
			continue
		}
		op := r.operation(types)
		opID := op["operationId"].(string)
		if method := strings.ToLower(r.Method); ids[opID] && strings.HasPrefix(r.Path, "/api/") { // beside one without the prefix
			opID = method + "Api" + strings.TrimPrefix(opID, method)
			op["operationId"] = opID
		}
		if ids[opID] {
			return nil, fmt.Errorf("openapi: two operations have the id %s", opID)
		}
		ids[opID] = true
		path := parameter.ReplaceAllStringFunc(r.Path, func(p string) string { return "{" + p[1:] + "}" })
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path].(object)[strings.ToLower(r.Method)] = op
	}
	components := object{"responses": errorResponses(types), "securitySchemes": securitySchemes()}
	components["schemas"] = types.components
	if types.err != nil {
		return nil, types.err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(object{"openapi": "3.1.0", "info": s.info(), "paths": paths, "components": components})
	return out.Bytes(), err
}

// described reports whether the document has the route.
func (r *route) described() bool { return !strings.Contains(r.Path, "*") && !r.handler.rpc }

func (s *Server) info() object {
	version := s.opts.Version
	if version == "" {
		version = "unversioned"
	}
	return object{"title": strings.TrimSpace("Staff Control " + s.opts.Role), "version": version}
}

func securitySchemes() object {
	return object{
		"bearer": object{"type": "http", "scheme": "bearer"},
		"key":    object{"type": "apiKey", "in": "header", "name": "X-API-Key"},
	}
}

func errorResponses(types *schemas) object {
	respond := func(description string, content object) object {
		return object{"description": description, "content": content}
	}
	return object{
		"Error": respond("A fault", object{
			"application/json":         object{"schema": types.named("Error", reflect.TypeFor[failure]())},
			"application/problem+json": object{"schema": types.named("Problem", reflect.TypeFor[problem]())},
		}),
		"ErrorV1": respond("A fault, as v1 said it", object{
			"application/json": object{"schema": types.named("ErrorV1", reflect.TypeFor[failureV1]())},
		}),
	}
}

func (r *route) operation(types *schemas) object {
	op := object{
		"operationId": operationID(r.Method, r.Path), "tags": []string{r.Owner},
		"x-permission": r.Permission, "security": r.security(), "responses": r.responses(types),
	}
	if r.Summary != "" {
		op["summary"] = r.Summary
	}
	if params := r.parameters(types); len(params) > 0 {
		op["parameters"] = params
	}
	if r.takes != nil && (r.binding == nil || r.binding.body) {
		schema := types.of(r.takes)
		contentType := "application/json"
		if r.takesFile {
			contentType, schema = "multipart/form-data", withFile(schema)
		}
		op["requestBody"] = object{"required": types.demands(r.takes), "content": object{contentType: object{"schema": schema}}}
	}
	if r.takesBytes != nil {
		op["requestBody"] = object{"required": true, "content": bytesOf(r.takesBytes)}
	}
	return op
}

// withFile is the schema of a form whose part metadata has the given one.
func withFile(metadata any) object {
	return object{
		"type": "object", "required": []string{"metadata", "file"},
		"properties": object{"metadata": metadata, "file": object{"type": "string", "format": "binary"}},
	}
}

// security lists the credentials that can be the route's: people and gateways have tokens, agents and devices have keys too.
func (r *route) security() []object {
	if r.permission.Name == actor.Public.Name {
		return []object{}
	}
	ways := []object{{"bearer": []string{}}}
	if r.permission.Roles&(actor.Agent|actor.Hikvision) != 0 {
		ways = append(ways, object{"key": []string{}})
	}
	return ways
}

func (r *route) responses(types *schemas) object {
	status := r.status
	if status == 0 {
		status = http.StatusOK
	}
	responses := object{strconv.Itoa(status): respond(status, r.handler.files, nil)}
	if r.gives != nil && status != http.StatusNoContent && status != http.StatusSwitchingProtocols {
		responses[strconv.Itoa(status)] = respond(status, r.handler.files, r.result(types))
	}
	for _, o := range r.others {
		var schema object
		if o.gives != nil && o.gives.NumField() > 0 {
			schema = types.of(o.gives)
		}
		responses[strconv.Itoa(o.status)] = respond(o.status, o.files, schema)
	}
	fault := "#/components/responses/Error"
	if r.V1 {
		fault = "#/components/responses/ErrorV1"
	}
	responses["default"] = object{"$ref": fault}
	return responses
}

// respond is an answer of files of these types, or of JSON, or of nothing.
func respond(status int, files []string, schema object) object {
	answer, content := object{"description": http.StatusText(status)}, bytesOf(files)
	if schema != nil {
		content["application/json"] = object{"schema": schema}
	}
	if len(content) > 0 {
		answer["content"] = content
	}
	return answer
}

// bytesOf is content of bytes of one of these types.
func bytesOf(types []string) object {
	content := object{}
	for _, t := range types {
		content[t] = object{"schema": object{"type": "string", "format": "binary"}}
	}
	return content
}

func (r *route) result(types *schemas) object {
	t := r.gives
	if !r.V1 {
		return types.orNone(t)
	}
	if _, ok := reflect.New(t).Interface().(interface{ said() (any, string) }); ok {
		t = t.Field(0).Type
	}
	if r.success == RAW {
		return types.orNone(t)
	}
	return object{"type": "object", "required": []string{"success", "data", "timestamp"}, "properties": object{
		"success": object{"type": "boolean", "const": true}, "data": types.orNone(t),
		"message": object{"type": "string"}, "timestamp": object{"type": "string", "format": "date-time"},
	}}
}

func (r *route) parameters(types *schemas) []object {
	var params []object
	for _, segment := range strings.Split(r.Path, "/") {
		name, ok := strings.CutPrefix(segment, ":")
		if !ok {
			continue
		}
		schema := object{"type": "string"}
		if r.binding != nil && r.binding.path[name].set != nil {
			schema = types.ofField(r.binding.path[name].field)
		}
		params = append(params, object{"name": name, "in": "path", "required": true, "schema": schema})
	}
	for _, p := range r.handler.query {
		params = append(params, object{"name": p.Name, "in": "query", "schema": ofParameter(p)})
	}
	if r.binding == nil {
		return params
	}
	names := make([]string, 0, len(r.binding.query))
	for name := range r.binding.query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		params = append(params, object{"name": name, "in": "query", "schema": types.ofField(r.binding.query[name].field)})
	}
	return params
}

// operationID makes getV2ThingsById of GET /api/v2/things/:id.
func operationID(method, path string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for _, segment := range strings.Split(path, "/") {
		if segment == "api" {
			continue
		}
		if name, ok := strings.CutPrefix(segment, ":"); ok {
			segment = "by-" + name
		}
		b.WriteString(camel(segment))
	}
	return b.String()
}

// camel joins the words of a name, each with a capital; what is neither letter nor digit parts words.
func camel(s string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		b.WriteString(strings.ToUpper(word[:1]))
		b.WriteString(word[1:])
	}
	return b.String()
}
