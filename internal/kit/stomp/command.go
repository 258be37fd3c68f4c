package stomp

// Command is the command of a frame.
type Command uint8

// The commands of STOMP 1.2 (section "Augmented BNF"). Invalid is the zero
// value and no command.
const (
	Invalid Command = iota

	Connect
	Stomp
	Send
	Subscribe
	Unsubscribe
	Ack
	Nack
	Begin
	Commit
	Abort
	Disconnect

	Connected
	Message
	Receipt
	Error
)

// maxCommandLine is the length of the longest command with its optional
// carriage return. A first line longer than this cannot be a command, however
// much of it is still to come.
const maxCommandLine = len("UNSUBSCRIBE\r")

// String returns the command as it is written in a frame.
func (c Command) String() string {
	switch c {
	case Connect:
		return "CONNECT"
	case Stomp:
		return "STOMP"
	case Send:
		return "SEND"
	case Subscribe:
		return "SUBSCRIBE"
	case Unsubscribe:
		return "UNSUBSCRIBE"
	case Ack:
		return "ACK"
	case Nack:
		return "NACK"
	case Begin:
		return "BEGIN"
	case Commit:
		return "COMMIT"
	case Abort:
		return "ABORT"
	case Disconnect:
		return "DISCONNECT"
	case Connected:
		return "CONNECTED"
	case Message:
		return "MESSAGE"
	case Receipt:
		return "RECEIPT"
	case Error:
		return "ERROR"
	case Invalid:
		return "INVALID"
	}
	return "INVALID"
}

// FromServer reports whether only a server sends the command.
func (c Command) FromServer() bool { return c >= Connected }

// escapes reports whether header lines of the command are escaped. Section
// "Value Encoding": all frames except the CONNECT and CONNECTED frames, to stay
// compatible with STOMP 1.0. STOMP is CONNECT by another name (section "CONNECT
// or STOMP Frame").
func (c Command) escapes() bool {
	return c != Connect && c != Stomp && c != Connected
}

// mayHaveBody follows section "Body": only the SEND, MESSAGE, and ERROR frames
// may have a body.
func (c Command) mayHaveBody() bool {
	return c == Send || c == Message || c == Error
}

// parseCommand returns Invalid for a line that is no command. Section "STOMP
// Frames": commands are case-sensitive.
func parseCommand(line []byte) Command {
	switch string(line) {
	case "ACK":
		return Ack
	case "SEND":
		return Send
	case "SUBSCRIBE":
		return Subscribe
	case "UNSUBSCRIBE":
		return Unsubscribe
	case "CONNECT":
		return Connect
	case "STOMP":
		return Stomp
	case "NACK":
		return Nack
	case "BEGIN":
		return Begin
	case "COMMIT":
		return Commit
	case "ABORT":
		return Abort
	case "DISCONNECT":
		return Disconnect
	case "CONNECTED":
		return Connected
	case "MESSAGE":
		return Message
	case "RECEIPT":
		return Receipt
	case "ERROR":
		return Error
	}
	return Invalid
}
