package notify

import "context"

// Notifier shows notices. Make it with Open.
type Notifier struct {
	// center is nil for a program without a bundle.
	center *center
}

// Open makes a notifier. A program that runs from its bundle asks the user once whether it may notify; one without a bundle
// is not known to the notification center, and its notices have no buttons.
func Open(_ context.Context, o Options) (*Notifier, error) {
	c, err := openCenter(o.Pressed)
	return &Notifier{c}, err
}

// Close takes a notice out of the notification center.
func (n *Notifier) Close(_ context.Context, id string) error {
	if n.center != nil {
		n.center.remove(id)
	}
	return nil
}

// Show shows a notice. What the user has turned off is an error.
func (n *Notifier) Show(ctx context.Context, notice Notice) error {
	if n.center == nil {
		return showByScript(ctx, notice)
	}
	return n.center.show(ctx, notice)
}
