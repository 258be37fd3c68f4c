package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

const (
	// keepInvocations is how long a run is kept, and keepPerFunction how many
	// are kept of one function.
	keepInvocations = 30 * 24 * time.Hour
	keepPerFunction = 10_000
	// maxLines and maxLinesSize bound what is kept of a run's console, the
	// second in bytes.
	maxLines     = 200
	maxLinesSize = 16 << 10
	// forgottenAtOnce is how many runs are removed in a transaction.
	forgottenAtOnce = 1000
)

// Log keeps runs of functions as they are now. A run may be told of while it is
// RUNNING and once more when it has ended; what has ended stays as it is. What
// authenticated users is not kept, nor more of the console than its beginning.
func (f *Functions) Log(ctx context.Context, runs []chat.Invocation) error {
	kept := make([]chat.Invocation, 0, len(runs))
	for _, run := range runs {
		args, err := withoutSecrets(run.Args)
		if err != nil {
			return err
		}
		run.Args, run.Lines = args, beginning(run.Lines)
		kept = append(kept, run)
	}
	return f.DB.Update(ctx, func(tx *store.Tx) error {
		for _, run := range kept {
			if err := tx.SetInvocation(run); err != nil {
				return err
			}
		}
		return nil
	})
}

// beginning are the first lines of a console, as many as are kept.
func beginning(lines []chat.ConsoleLine) []chat.ConsoleLine {
	size := 0
	for i, line := range lines {
		if size += len(line.Message); i == maxLines || size > maxLinesSize {
			return lines[:i]
		}
	}
	return lines
}

// errArgs says that a run was given something that no function is given.
var errArgs = errors.New("the arguments of a run must be a JSON object")

// withoutSecrets hides those parameters of an attempt to start a session whose
// names say that they are secret.
func withoutSecrets(args json.RawMessage) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(args, &members); err != nil || members == nil {
		return nil, errArgs
	}
	given, ok := members["authParams"]
	if !ok {
		return args, nil
	}
	var params any
	d := json.NewDecoder(bytes.NewReader(given))
	d.UseNumber() // keeps numbers as they were written
	if err := d.Decode(&params); err != nil {
		return nil, errArgs
	}
	hidden, err := encode(hide(params))
	if err != nil {
		return nil, err
	}
	members["authParams"] = hidden
	return encode(members)
}

// secretName is found in the names of what is not kept.
var secretName = regexp.MustCompile(`(?i)password|secret|token|pin|otp|credential|code`)

// hide puts stars in the place of the values of such names, however deep.
func hide(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			if secretName.MatchString(name) {
				value[name] = "***"
				continue
			}
			value[name] = hide(v)
		}
	case []any:
		for i, v := range value {
			value[i] = hide(v)
		}
	}
	return value
}

// encode is json.Marshal without the escapes that only HTML needs.
func encode(value any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return bytes.TrimSpace(b.Bytes()), err
}

// ListInvocations lists the runs of a function, newest first unless the request
// sorts them.
func (f *Functions) ListInvocations(ctx context.Context, actor chat.Actor, id chat.FunctionID, r chat.PageRequest) (p chat.Page[chat.Invocation], err error) {
	err = f.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := function(tx, actor, id); err != nil {
			return err
		}
		p, err = tx.Invocations(id, r)
		return err
	})
	return p, err
}

// ForgetInvocations removes the runs that are too old to be kept, or too many.
func (f *Functions) ForgetInvocations(ctx context.Context) error {
	var invoked []chat.FunctionID
	err := f.DB.View(ctx, func(tx *store.Tx) (err error) {
		invoked, err = tx.InvokedFunctions()
		return err
	})
	for _, id := range invoked {
		for more := true; more && err == nil; {
			err = f.DB.Update(ctx, func(tx *store.Tx) (err error) {
				more, err = tx.ForgetInvocations(id, tx.Now.Add(-keepInvocations), keepPerFunction, forgottenAtOnce)
				return err
			})
		}
	}
	return err
}
