package modules

// Cheap makes passwords of this process cost as little as they can; see auth.Module.
func (p *Process) Cheap() { p.cheap = true }
