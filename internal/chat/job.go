package chat

import "time"

// Task is what an application may have done for it in the background.
type Task string

// The tasks.
const (
	ImportUsers    Task = "USER_IMPORT"
	ImportChannels Task = "CHANNEL_IMPORT"
	ImportMembers  Task = "CHANNEL_MEMBERS_IMPORT"
	ImportMessages Task = "MESSAGE_IMPORT"
	ExportUsers    Task = "USER_EXPORT"
	ExportMessages Task = "MESSAGE_EXPORT"
)

// IsExport tells the tasks that make a file from those that read one.
func (t Task) IsExport() bool { return t == ExportUsers || t == ExportMessages }

// JobState is how far a job is.
type JobState string

// The states of a job.
const (
	JobPending  JobState = "PENDING"
	JobRunning  JobState = "RUNNING"
	JobFinished JobState = "FINISHED"
	// JobFailed: it could not be ended, or some of its elements were refused;
	// all others have been dealt with.
	JobFailed JobState = "FAILED"
)

// Job is something that an application has asked for and that takes its time.
type Job struct {
	ID          JobID
	Application ApplicationID
	Task        Task
	// Channel is the one whose members are imported.
	Channel   ChannelID
	State     JobState
	CreatedAt time.Time
	// EndedAt is zero until it is FINISHED or FAILED.
	EndedAt  time.Time
	Progress JobProgress
	// GivenUp tells that it failed for a reason of this server's own.
	GivenUp bool
	// Failures are the first MaxJobFailures elements that were refused.
	Failures []ElementFailure
	// File is what an export has made, nil until it has ended and once the file
	// has been removed again. Grant lets its bearer download it.
	File  *File
	Grant string
}

// JobProgress counts elements.
type JobProgress struct {
	// Processed are all that have been dealt with, Skipped those of them that
	// were there already, and Failed those that were refused.
	Processed, Skipped, Failed int64
}

// ElementFailure says why an element of an import was refused.
type ElementFailure struct {
	// Element is its place in the array, from zero.
	Element int64
	Error
}

// MaxJobFailures bounds how many failures are kept of a job; all are counted.
const MaxJobFailures = 100

// ErrUnknownJob refuses a job that is not there.
var ErrUnknownJob = &Error{NotFound, "JobNotFoundError", "There is no such job.", ""}

// CreationTime is when something was made that is now written down: now, unless
// an importer says that it was earlier.
func CreationTime(a Actor, said, now time.Time) (time.Time, error) {
	switch {
	case said.IsZero():
		return now, nil
	case !a.Importer:
		return said, Invalidf("createdTime", "may be given by an import only")
	case said.After(now):
		return said, Invalidf("createdTime", "must not lie in the future")
	case said.Before(time.Unix(0, 0)):
		return said, Invalidf("createdTime", "must not lie before 1970")
	}
	return said.UTC().Truncate(time.Microsecond), nil
}
