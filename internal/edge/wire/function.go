package wire

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Runtime appends a runtime (platform-api D.7).
func (s Style) Runtime(dst []byte, r *chat.Runtime) []byte {
	dst = s.runtimeFields(append(dst, '{'), r.Application)
	dst = append(dst, `,"dependencies":[`...)
	for i, d := range r.AllDependencies() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"name":`...)
		dst = AppendString(dst, d.Name)
		dst = append(dst, `,"version":`...)
		dst = AppendString(dst, d.Version)
		dst = s.name(dst, defaultDependency)
		dst = append(strconv.AppendBool(dst, d.Default), '}')
	}
	dst = s.name(append(dst, ']'), initialization)
	dst = append(dst, `{"script":`...)
	dst = append(AppendString(dst, r.Script), '}')
	dst = s.name(dst, variables)
	dst = append(dst, '{')
	for i, v := range r.AllVariables(s.Base) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, v.Name), ':')
		dst = AppendString(dst, v.Value)
	}
	dst = s.halLinks(append(dst, '}'), runtimeHAL, 0)
	return append(dst, '}')
}

// runtimeFields appends what tells one runtime from another.
func (s Style) runtimeFields(dst []byte, app chat.ApplicationID) []byte {
	dst = append(dst, `"id":`...)
	dst = strconv.AppendInt(dst, int64(app), 10)
	return append(dst, `,"type":"NODEJS","version":"`+chat.RuntimeVersion+`"`...)
}

// Function appends a function (platform-api D.7).
func (s Style) Function(dst []byte, f *chat.Function) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(f.ID), 10)
	dst = append(dst, `,"type":`...)
	dst = AppendString(dst, f.Type)
	dst = append(dst, `,"name":`...)
	dst = AppendString(dst, f.Name)
	if f.Description != "" {
		dst = append(dst, `,"description":`...)
		dst = AppendString(dst, f.Description)
	}
	dst = append(dst, `,"enabled":`...)
	dst = strconv.AppendBool(dst, f.Enabled)
	dst = s.name(dst, currentVersion)
	dst = strconv.AppendInt(dst, f.CurrentVersion, 10)
	dst = append(dst, `,"runtime":{`...)
	dst = append(s.runtimeFields(dst, f.Application), '}')
	dst = s.halLinks(dst, functionHAL, int64(f.ID))
	return append(dst, '}')
}

// FunctionVersion appends a version of a function (platform-api D.7).
func (s Style) FunctionVersion(dst []byte, v *chat.FunctionVersion) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(v.ID), 10)
	dst = s.name(dst, versionNumber)
	dst = strconv.AppendInt(dst, v.Number, 10)
	dst = s.name(dst, handlerScript)
	dst = AppendString(dst, v.Script)
	dst = s.halLinks(dst, versionHAL, int64(v.ID))
	return append(dst, '}')
}

// Invocation appends a run of a function (platform-api D.7). Its result is an
// open map, in which all but payload is ours.
func (s Style) Invocation(dst []byte, i *chat.Invocation) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(i.ID), 10)
	dst = s.name(dst, versionNumber)
	dst = strconv.AppendInt(dst, i.Version, 10)
	dst = append(dst, `,"status":`...)
	dst = AppendString(dst, string(i.Status))
	dst = append(dst, `,"args":`...)
	dst = append(dst, i.Args...)
	dst = append(dst, `,"result":`...)
	dst = appendResult(dst, i)
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, i.CreatedAt)
	dst = s.halLinks(dst, nil, 0)
	return append(dst, '}')
}

// appendResult appends what became of a run, {} while it runs.
func appendResult(dst []byte, i *chat.Invocation) []byte {
	if i.Status == chat.InvocationRunning {
		return append(dst, `{}`...)
	}
	dst = append(dst, '{')
	if i.Failure == nil {
		payload := i.Payload
		if payload == nil {
			payload = json.RawMessage("null")
		}
		dst = append(dst, `"payload":`...)
		dst = append(append(dst, payload...), ',')
	} else {
		dst = append(dst, `"reason":`...)
		dst = AppendString(dst, i.Failure.Reason)
		dst = append(dst, `,"error":{"name":`...)
		dst = AppendString(dst, i.Failure.Name)
		dst = append(dst, `,"message":`...)
		dst = AppendString(dst, i.Failure.Message)
		dst = append(dst, `,"stack":`...)
		dst = append(AppendString(dst, i.Failure.Stack), `},`...)
	}
	dst = append(dst, `"logs":[`...)
	for n, line := range i.Lines {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"level":`...)
		dst = AppendString(dst, line.Level)
		dst = append(dst, `,"time":`...)
		dst = AppendTime(dst, line.Time)
		dst = append(dst, `,"message":`...)
		dst = append(AppendString(dst, line.Message), '}')
	}
	dst = append(dst, `],"durationMs":`...)
	dst = strconv.AppendFloat(dst, float64(i.Duration)/float64(time.Millisecond), 'f', -1, 64)
	return append(dst, '}')
}

var (
	runtimeHAL = []hal{
		{"self", "/runtimes/nodejs"}, {"dependencies", "/runtimes/nodejs/dependencies"},
		{"initializationScript", "/runtimes/nodejs/initialization-script"}, {"functions", "/runtimes/nodejs/functions"},
	}
	functionHAL = []hal{
		{"self", "/functions/{id}"}, {"versions", "/functions/{id}/versions"}, {"invocations", "/functions/{id}/invocations"},
		{"currentVersion", "/functions/{id}/current-version"},
	}
	versionHAL = []hal{{"self", "/function-versions/{id}"}}
)
