package buffer

import "github.com/staff-control/staff-control/modules/alerts/alert"

// slack is how far the usage has to fall below a threshold before crossing it is news again.
const slack = 0.05

// pressure turns usage into what is done about it: each threshold is crossed once until it is left for good.
type pressure struct {
	warnAt, refuseAt float64
	warned, over     bool
}

// judge takes the usage and returns the severity of what has just begun, or "".
func (p *pressure) judge(usage float64) alert.Severity {
	wasWarned, wasOver := p.warned, p.over
	p.warned = usage > p.warnAt || p.warned && usage > p.warnAt-slack
	p.over = usage > p.refuseAt || p.over && usage > p.refuseAt-slack
	switch {
	case p.over && !wasOver:
		return alert.Critical
	case p.warned && !wasWarned:
		return alert.Warning
	}
	return ""
}
