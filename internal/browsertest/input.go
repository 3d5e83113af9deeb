package browsertest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// center is an expression for the point in the viewport where a user would click an element, after it was scrolled to.
func center(selector string) string {
	s, _ := json.Marshal(selector) // a string always marshals
	return fmt.Sprintf(`(() => {
	const e = document.querySelector(%s);
	if (!e) return null;
	e.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
	const r = e.getBoundingClientRect();
	return {X: r.x + r.width / 2, Y: r.y + r.height / 2};
})()`, s)
}

// textNode is the type of a text in a document, https://dom.spec.whatwg.org/#dom-node-nodetype.
const textNode = 3

// style is the element whose text is a style sheet.
const style = "style"

// find waits for an element and answers where it is.
func find(p Page, selector string) (at Point, err error) {
	var seen *Point
	late := poll("find "+selector, func() bool {
		err = p.Eval(center(selector), &seen)
		return err == nil && seen != nil
	})
	if late != nil {
		return at, errors.Join(late, err)
	}
	return *seen, nil
}

// wait implements Page.Wait. An evaluation that a navigation cut off is tried again.
func wait(p Page, expression string) (err error) {
	yes := false
	late := poll(expression, func() bool {
		yes = false
		err = p.Eval("!!("+expression+")", &yes)
		return err == nil && yes || errors.Is(err, ErrGone)
	})
	if errors.Is(err, ErrGone) {
		return err
	}
	if late != nil {
		at, _ := p.URL()
		return errors.Join(fmt.Errorf("wait at %s: %w", at, late), err)
	}
	return nil
}
