package agent

import "github.com/keyshift-hq/keyshift/internal/keyshift"

const lockName = "lock"

var errRunning = keyshift.Refuse(keyshift.CodeAlreadyExists, "Another agent of this user is running already.", "Use that one, or stop it first.")
