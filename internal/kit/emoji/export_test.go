package emoji

// All gives every emoji by its bare character and its aliases.
func All() map[string]*Emoji { return catalogue() }
