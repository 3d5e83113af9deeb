package hardening

func platformState() string { return "" }
