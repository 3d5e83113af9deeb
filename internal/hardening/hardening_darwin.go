package hardening

func apply() error {
	return denyCore()
}
