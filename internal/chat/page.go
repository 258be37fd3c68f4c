package chat

// PageRequest asks for a numbered page.
type PageRequest struct {
	// Number is zero-based.
	Number int
	// Size is the number of items, 1 to MaxPageSize.
	Size int
	Sort []Sort
}

// Sort orders a list by one property. Unknown properties are ignored.
type Sort struct {
	Property   string
	Descending bool
}

// Page is a numbered page of a list.
type Page[T any] struct {
	Items []T
	// Number and Size are those of the request.
	Number, Size int
	// Total is the number of items in the whole list.
	Total int64
}

// Pages is the number of pages in the whole list.
func (p Page[T]) Pages() int64 {
	if p.Size <= 0 {
		return 0
	}
	return (p.Total + int64(p.Size) - 1) / int64(p.Size)
}

// ClampSize turns what a caller asked for into a usable size: the default for
// nothing or nonsense, at most MaxPageSize.
func ClampSize(n int) int {
	switch {
	case n < 1:
		return DefaultPageSize
	case n > MaxPageSize:
		return MaxPageSize
	default:
		return n
	}
}

// Cursor asks for a page of a newest-first list. The zero value is the newest
// page. Cursors are identifiers of items, so items that arrive while a client
// pages shift nothing.
type Cursor struct {
	Size int
	// From is the first item of the page, inclusive, going to older ones;
	// zero starts at the newest.
	From int64
	// Before asks instead for the page that ends right before this item,
	// that is, the nearest newer ones; zero does not.
	Before int64
	// Total asks for the number of all items, which nobody else pays for.
	Total bool
}

// CursorPage is a page of a newest-first list.
type CursorPage[T any] struct {
	Items []T
	Size  int
	// Next is the cursor of the first item of the following (older) page,
	// zero where there is none.
	Next int64
	// First is the cursor of the first item of this page, zero when empty.
	First int64
	// Newer tells whether newer items exist.
	Newer bool
	// Total is the number of all items where it was asked for, otherwise nil. A
	// list that would have to be walked is counted up to MaxTotal.
	Total *int64
}

// MaxTotal is where counting the items of a list that is read by cursors ends.
const MaxTotal = 10_000
