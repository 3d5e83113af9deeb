package notify

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"
)

// framework is UserNotifications, of which the classes with UN are.
const framework = "/System/Library/Frameworks/UserNotifications.framework/UserNotifications"

// Options of UNAuthorizationOptions, UNNotificationActionOptions and UNNotificationPresentationOptions.
const (
	maySound, mayAlert    = uint(1 << 1), uint(1 << 2)
	inBackground          = uint(0)
	asList, asBanner      = uint(1 << 3), uint(1 << 4)
	mostCategories        = 64
	ownAnswers            = "com.apple." // a click on the notice itself, and taking it away
	categoryOfNoButtons   = ""
	separatorOfCategories = "\x1f"
)

var errTurnedOff = errors.New("notifications of this program are turned off in the system settings")

// center is the user notification center of this program's bundle.
type center struct {
	object  objc.ID
	pressed func(id, key string)
	// answered is closed once the user has said whether we may notify.
	answered chan struct{}
	allowed  bool

	mu sync.Mutex
	// categories are the sets of buttons that the center knows.
	categories map[string]objc.ID
}

// openCenter finds the center; nil without an error if the program is in no bundle, where asking for it ends the program.
func openCenter(pressed func(id, key string)) (*center, error) {
	if _, err := purego.Dlopen(framework, purego.RTLD_NOW|purego.RTLD_GLOBAL); err != nil {
		return nil, fmt.Errorf("load notification center: %w", err)
	}
	c := &center{pressed: pressed, answered: make(chan struct{}), categories: map[string]objc.ID{}}
	var err error
	pooled(func() {
		if class("NSBundle").Send(sel("mainBundle")).Send(sel("bundleIdentifier")) == 0 {
			c = nil
			return
		}
		c.object = class("UNUserNotificationCenter").Send(sel("currentNotificationCenter"))
		if err = c.listen(); err == nil {
			c.askUser()
		}
	})
	return c, err
}

// listen makes the object that is told which button was pressed. It lives as long as the program.
func (c *center) listen() error {
	var protocols []*objc.Protocol
	if p := objc.GetProtocol("UNUserNotificationCenterDelegate"); p != nil {
		protocols = append(protocols, p)
	}
	listener, err := objc.RegisterClass("KeyshiftNotificationListener", objc.GetClass("NSObject"), protocols, nil, []objc.MethodDef{
		{Cmd: sel("userNotificationCenter:didReceiveNotificationResponse:withCompletionHandler:"), Fn: c.heard},
		{Cmd: sel("userNotificationCenter:willPresentNotification:withCompletionHandler:"), Fn: present},
	})
	if err != nil {
		return fmt.Errorf("listen to notification center: %w", err)
	}
	c.object.Send(sel("setDelegate:"), objc.ID(listener).Send(sel("new")))
	return nil
}

// heard takes an answer to a notice.
func (c *center) heard(_ objc.ID, _ objc.SEL, _, response, done objc.ID) {
	id := text(response.Send(sel("notification")).Send(sel("request")).Send(sel("identifier")))
	key := text(response.Send(sel("actionIdentifier")))
	if !strings.HasPrefix(key, ownAnswers) {
		go c.pressed(id, key)
	}
	call(done)
}

// present has notices shown while the program is in front, too.
func present(_ objc.ID, _ objc.SEL, _, _, done objc.ID) {
	call(done, uintptr(asBanner|asList|maySound))
}

func (c *center) askUser() {
	answer := objc.NewBlock(func(_ objc.Block, allowed bool, _ objc.ID) {
		c.allowed = allowed
		close(c.answered)
	})
	c.object.Send(sel("requestAuthorizationWithOptions:completionHandler:"), maySound|mayAlert, answer)
}

func (c *center) show(ctx context.Context, notice Notice) error {
	select {
	case <-c.answered:
	case <-ctx.Done():
		return fmt.Errorf("wait for leave to notify: %w", ctx.Err())
	}
	if !c.allowed {
		return errTurnedOff
	}
	failed := make(chan error, 1)
	pooled(func() { c.add(notice, failed) })
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return fmt.Errorf("show notification: %w", ctx.Err())
	}
}

// add hands a notice to the center. One with the identifier of another takes its place.
func (c *center) add(notice Notice, failed chan<- error) {
	content := class("UNMutableNotificationContent").Send(sel("new")).Send(sel("autorelease"))
	content.Send(sel("setTitle:"), str(notice.Title))
	content.Send(sel("setBody:"), str(notice.Body))
	content.Send(sel("setCategoryIdentifier:"), str(c.category(notice.Buttons)))
	if notice.Sound {
		content.Send(sel("setSound:"), class("UNNotificationSound").Send(sel("defaultSound")))
	}
	request := class("UNNotificationRequest").Send(sel("requestWithIdentifier:content:trigger:"), str(notice.ID), content, objc.ID(0))
	done := objc.NewBlock(func(_ objc.Block, err objc.ID) {
		if err == 0 {
			failed <- nil
			return
		}
		failed <- fmt.Errorf("show notification: %s", text(err.Send(sel("localizedDescription"))))
	})
	c.object.Send(sel("addNotificationRequest:withCompletionHandler:"), request, done)
	done.Release() // the center keeps it until it was called
}

func (c *center) remove(id string) {
	pooled(func() {
		ids := class("NSArray").Send(sel("arrayWithObject:"), str(id))
		c.object.Send(sel("removeDeliveredNotificationsWithIdentifiers:"), ids)
	})
}

// category makes the center know a set of buttons, and gives its name.
func (c *center) category(buttons []Button) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := categoryOfNoButtons
	actions := class("NSMutableArray").Send(sel("array"))
	for _, b := range buttons {
		name += b.Key + separatorOfCategories + b.Text + separatorOfCategories
		actions.Send(sel("addObject:"), class("UNNotificationAction").Send(sel("actionWithIdentifier:title:options:"), str(b.Key), str(b.Text), inBackground))
	}
	if _, known := c.categories[name]; known || name == categoryOfNoButtons {
		return name
	}
	if len(c.categories) == mostCategories { // texts with names in them are new each time
		c.forgetCategories()
	}
	none := class("NSArray").Send(sel("array"))
	made := class("UNNotificationCategory").Send(sel("categoryWithIdentifier:actions:intentIdentifiers:options:"), str(name), actions, none, uint(0))
	c.categories[name] = made.Send(sel("retain"))
	all := class("NSMutableSet").Send(sel("set"))
	for _, category := range c.categories {
		all.Send(sel("addObject:"), category)
	}
	c.object.Send(sel("setNotificationCategories:"), all)
	return name
}

func (c *center) forgetCategories() {
	for _, category := range c.categories {
		category.Send(sel("release"))
	}
	clear(c.categories)
}

// pooled does something with objects that only live as long as it takes.
func pooled(do func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pool := class("NSAutoreleasePool").Send(sel("new"))
	defer pool.Send(sel("drain"))
	do()
}
