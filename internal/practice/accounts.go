package practice

// accounts are the names that were used so far.
type accounts struct{ *recent[account] }

// check tells whether a password is that of a name. A new name takes it.
func (a accounts) check(name, password string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if password == "" {
		return false
	}
	if known, ok := a.byID[name]; ok {
		return known.fits(password)
	}
	a.keep(name, newAccount(password))
	return true
}
