package wire

import (
	"net/url"
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// jobTypes are the published names of tasks. Both exports have the same one,
// since the published list has no other (decision D15); the name of the file
// tells them apart.
var jobTypes = map[chat.Task]string{
	chat.ImportUsers: "USER_IMPORT", chat.ImportChannels: "CHANNEL_IMPORT", chat.ImportMembers: "CHANNEL_MEMBERS_IMPORT",
	chat.ImportMessages: "MESSAGE_IMPORT", chat.ExportMessages: "MESSAGE_ANALYTICS_EXPORT", chat.ExportUsers: "MESSAGE_ANALYTICS_EXPORT",
}

// Job appends a job (platform-api D.8). The members progress, error and
// failures are ours (decision D24).
func (s Style) Job(dst []byte, j *chat.Job) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(j.ID), 10)
	dst = append(dst, `,"type":`...)
	dst = AppendString(dst, jobTypes[j.Task])
	dst = append(dst, `,"state":`...)
	dst = AppendString(dst, string(j.State))
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, j.CreatedAt)
	if !j.EndedAt.IsZero() {
		dst = s.name(dst, endedTime)
		dst = AppendTime(dst, j.EndedAt)
	}
	if j.File != nil && !j.EndedAt.IsZero() {
		dst = append(dst, `,"file":`...)
		dst = AppendString(dst, s.address(j.File.Path())+"?grant="+url.QueryEscape(j.Grant))
	}
	p := j.Progress
	dst = append(dst, `,"progress":{"processed":`...)
	dst = strconv.AppendInt(dst, p.Processed, 10)
	dst = append(dst, `,"skipped":`...)
	dst = strconv.AppendInt(dst, p.Skipped, 10)
	dst = append(dst, `,"failed":`...)
	dst = strconv.AppendInt(dst, p.Failed, 10)
	dst = append(dst, '}')
	dst = jobErrors(dst, j)
	dst = s.halLinks(dst, jobHAL, int64(j.ID))
	return append(dst, '}')
}

var jobHAL = []hal{{"self", "/jobs/{id}"}}

// jobErrors appends the first error of a job and those of its elements.
func jobErrors(dst []byte, j *chat.Job) []byte {
	switch {
	case len(j.Failures) > 0:
		dst = append(dst, `,"error":`...)
		dst = elementFailure(dst, j.Failures[0])
	case j.GivenUp:
		dst = append(dst, `,"error":{"error":"InternalServerError","message":"Something went wrong on our side"}`...)
	}
	dst = append(dst, `,"failures":[`...)
	for i, f := range j.Failures {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = elementFailure(dst, f)
	}
	return append(dst, ']')
}

func elementFailure(dst []byte, f chat.ElementFailure) []byte {
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendInt(dst, f.Element, 10)
	dst = append(dst, `,"error":`...)
	dst = AppendString(dst, f.Reason)
	dst = append(dst, `,"message":`...)
	dst = AppendString(dst, f.Message)
	if f.Field != "" {
		dst = append(dst, `,"field":`...)
		dst = AppendString(dst, f.Field)
	}
	return append(dst, '}')
}
