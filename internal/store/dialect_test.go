package store_test

import (
	"slices"
	"testing"

	"github.com/purrchat/purr/internal/store"
)

func TestParametersAreFoundByTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		order      []int
	}{
		{"SELECT 1", "SELECT 1", nil},
		{"VALUES ($1, $2), ($3, $4)", "VALUES (?, ?), (?, ?)", nil},
		{"SELECT $2 WHERE a = $1 AND b = $2", "SELECT ? WHERE a = ? AND b = ?", []int{1, 0, 1}},
		{"SELECT $1, $1", "SELECT ?, ?", []int{0, 0}},
		{"SELECT '$1', 'it''s $2', $1", "SELECT '$1', 'it''s $2', ?", nil},
		{"SELECT $, $12 || $a", "SELECT $, ? || $a", []int{11}},
	} {
		text, order := store.InPlace(c.text)
		if text != c.want || !slices.Equal(order, c.order) {
			t.Errorf("%s: %s %v", c.text, text, order)
		}
	}
}
