package content

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// Big is the text of a page of more than 10,000 elements, nested as networks build them.
const Big = `<body><script>
	for (let i = 0; i < 1000; i++) {
		const post = document.body.appendChild(document.createElement("article"));
		post.innerHTML = '<div class=a><div role=button><span>text</span><span dir=auto>more</span></div><div><a href=/u>u</a><p>words</p></div><input><textarea></textarea></div>';
	}
	document.title = document.querySelectorAll("*").length;
</script>`

// Cost is what the content script takes of a page.
type Cost struct {
	// Evaluated is how long it took to run its text, in milliseconds, and MS how long it works when it begins.
	Evaluated, MS float64
	// Observers is how many it makes of the page.
	Observers int
}

// Measure begins once more on a page that has the harness, where the background answers with a state, and ends again.
func Measure(p browsertest.Page, state map[string]any) (c Cost, err error) {
	err = Ask(p, "set", nil, map[string]any{"state": state})
	return c, errors.Join(err, Ask(p, "cost", &c))
}

// State is what the background knows of a page of a network for which there is a lease.
func State(network string) (map[string]any, error) {
	site, ok := pack.Embedded(network)
	if !ok {
		return nil, fmt.Errorf("find site pack of %s: there is none", network)
	}
	raw, err := site.Encode()
	if err != nil {
		return nil, err
	}
	lease := map[string]any{
		"id": "lease-1", "network": network, "handle": "acme", "account_ref": "4711", "hosts": site.Hosts, "started_at": 0,
		"ends_at": 4102444800000, "mode": "shared_secret", "has_code": true, "fields": []string{"username", "password", "code"}, "allowed_guards": []string{},
	}
	return map[string]any{"lease": lease, "pack": json.RawMessage(raw), "words": nil, "watch": false, "mode": "work", "fill": false, "code_asked": 0, "lines": []any{}}, nil
}

const askHarness = `new Promise((ok, no) => {
	const id = Math.random();
	addEventListener("message", function on(e) {
		if (e.data?.to !== "page" || e.data.id !== id) return;
		removeEventListener("message", on);
		if (e.data.error) no(new Error(e.data.error)); else ok(e.data.result);
	});
	postMessage({to: "harness", id, op: %s, args: %s}, "*");
})`

// Ask has the harness in a page do something, and decodes what it answers; nil discards it.
func Ask(p browsertest.Page, op string, into any, args ...any) error {
	if args == nil {
		args = []any{}
	}
	name, _ := json.Marshal(op) // a string always marshals
	list, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("encode what the harness is asked: %w", err)
	}
	var text string
	if err := p.Eval(fmt.Sprintf(askHarness, name, list), &text); err != nil {
		return fmt.Errorf("ask harness %s%.80s: %w", op, list, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read answer %s of harness to %s: %w", text, op, err)
	}
	return nil
}
