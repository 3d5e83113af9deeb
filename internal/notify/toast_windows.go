package notify

import (
	"context"
	"fmt"

	"git.sr.ht/~jackmordaunt/go-toast/v2/wintoast"
)

// activator is the COM class by which Windows tells this program that a toast was answered.
const activator = "{5F4B1C0E-7C0D-4D6B-9A52-3D1E7C8A2B61}"

// Notifier shows notices. Make it with Open.
type Notifier struct{ app string }

// Open makes a notifier. It enters the program's name for the user's toasts into the registry.
func Open(_ context.Context, o Options) (*Notifier, error) {
	err := wintoast.SetAppData(wintoast.AppData{AppID: o.App, GUID: activator, ActivationExe: o.Executable})
	if err != nil {
		return nil, fmt.Errorf("register for notifications: %w", err)
	}
	wintoast.SetActivationCallback(func(_, args string, _ []wintoast.UserData) {
		if id, key, ok := answer(args); ok {
			go o.Pressed(id, key)
		}
	})
	return &Notifier{app: o.App}, nil
}

// Close does nothing: the library has no way to take a toast back, and Windows takes it away after a while.
func (n *Notifier) Close(context.Context, string) error { return nil }

// Show shows a notice. It goes to the Windows Runtime itself: the library's other way is a PowerShell script, in which text
// would be code.
func (n *Notifier) Show(_ context.Context, notice Notice) error {
	text, err := toastXML(notice)
	if err != nil {
		return err
	}
	if err := wintoast.Push(n.app, text); err != nil {
		return fmt.Errorf("show notification: %w", err)
	}
	return nil
}
