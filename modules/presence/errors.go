package presence

// Codes of single fields of a request.
const (
	codeNotADate = "presence.not_a_date"
	codeChoose   = "presence.choose_organization"
)
