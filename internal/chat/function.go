package chat

import (
	"encoding/json"
	"time"
)

// Limits of functions, in bytes.
const (
	// MaxFunctionType bounds what a function waits for.
	MaxFunctionType = 255
	// MaxFunctionName and MaxFunctionDescription bound what people see.
	MaxFunctionName        = MaxDisplayName
	MaxFunctionDescription = 4096
)

type (
	// FunctionID names a function of one application.
	FunctionID int64
	// FunctionVersionID names a version of a function.
	FunctionVersionID int64
	// InvocationID names a run of a function.
	InvocationID int64
)

// Function is code of the application's own that runs when something happens.
type Function struct {
	ID          FunctionID
	Application ApplicationID
	// Type is what it waits for, such as user.sent.message. One that nothing
	// here causes is kept, and never runs.
	Type        string
	Name        string
	Description string
	Enabled     bool
	// InBackground tells that nobody waits until a new version is prepared.
	InBackground bool
	// CurrentVersion is the number of the version that runs, 0 before the first.
	CurrentVersion int64
	CreatedAt      time.Time
}

// FunctionVersion is the code of a function as it was at one time. It does not
// change.
type FunctionVersion struct {
	ID          FunctionVersionID
	Application ApplicationID
	Function    FunctionID
	// Number counts the versions of the function from 1.
	Number    int64
	Script    string
	CreatedAt time.Time
}

// InvocationStatus is how far a run is.
type InvocationStatus string

// The states of a run.
const (
	InvocationRunning   InvocationStatus = "RUNNING"
	InvocationSucceeded InvocationStatus = "SUCCEEDED"
	InvocationFailed    InvocationStatus = "FAILED"
)

// Invocation is a run of a function, as its log tells of it.
type Invocation struct {
	ID          InvocationID
	Application ApplicationID
	Function    FunctionID
	// Version is the number of the version that ran.
	Version int64
	Status  InvocationStatus
	// Args is the event that it was given, a JSON object.
	Args json.RawMessage
	// Payload is what it returned, as JSON; nil where it did not.
	Payload json.RawMessage
	// Failure says why it did not, nil otherwise.
	Failure *InvocationFailure
	// Lines are what it wrote to its console.
	Lines []ConsoleLine
	// Duration is how long it ran, in whole microseconds.
	Duration  time.Duration
	CreatedAt time.Time
}

// InvocationFailure says why a run failed.
type InvocationFailure struct {
	// Reason is one of "thrown", "timeout", "crashed", "memory" and "rejected".
	Reason string `json:"reason"`
	// Name, Message and Stack are those of the error, as JavaScript has them.
	Name    string `json:"name"`
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
}

// ConsoleLine is something that a script wrote.
type ConsoleLine struct {
	Level   string    `json:"level"`
	Time    time.Time `json:"time"`
	Message string    `json:"message"`
}

// Refusals about functions.
var (
	ErrUnknownFunction        = &Error{NotFound, "FunctionNotFoundError", "There is no such function.", ""}
	ErrUnknownFunctionVersion = &Error{NotFound, "FunctionVersionNotFoundError", "There is no such version of a function.", ""}
)
