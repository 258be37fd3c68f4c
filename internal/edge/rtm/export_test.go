package rtm

// For the tests of the door as a whole, which build nodes and so cannot be part
// of this package.
const (
	MaxUnderWay = maxUnderWay
	MissedPage  = missedPage
)
