package employee

import "context"

// Cards knows whose card is whose.
type Cards interface {
	// ByCards returns the holders of these cards, active or not, by the number that was asked for. Readers and people write
	// one card with leading zeros and without: a number that is nobody's is also sought in the other forms.
	ByCards(ctx context.Context, numbers []string) (map[string]Employee, error)
}
