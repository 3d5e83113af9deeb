package content

import (
	"encoding/json"
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
)

const field = `<input id=f style="width:200px;height:30px">`

// fields are pages with one field #f, and why it cannot be used.
var fields = map[string]struct{ html, want string }{
	"plain":                      {field, ""},
	"disabled":                   {`<input id=f disabled style="width:200px;height:30px">`, "disabled"},
	"in a disabled fieldset":     {`<fieldset disabled>` + field + `</fieldset>`, "disabled"},
	"read-only":                  {`<input id=f readonly style="width:200px;height:30px">`, "read_only"},
	"no pointer events":          {`<input id=f style="width:200px;height:30px;pointer-events:none">`, "no_pointer"},
	"no pointer events around":   {`<div style="pointer-events:none">` + field + `</div>`, "no_pointer"},
	"opacity 0":                  {`<input id=f style="width:200px;height:30px;opacity:0">`, "transparent"},
	"opacity of the page":        {field + `<style>body{opacity:0.01}</style>`, "transparent"},
	"opacities that multiply":    {`<div style="opacity:.7"><div style="opacity:.7">` + field + `</div></div>`, "transparent"},
	"opacity just enough":        {`<div style="opacity:.75"><div style="opacity:.75">` + field + `</div></div>`, ""},
	"opacity by a filter":        {`<div style="filter:opacity(10%)">` + field + `</div>`, "transparent"},
	"too narrow":                 {`<input id=f style="width:11px;height:30px;padding:0;border:0">`, "too_small"},
	"too low":                    {`<input id=f style="width:200px;height:7px;padding:0;border:0">`, "too_small"},
	"shrunk":                     {`<div style="transform:scale(.02)">` + field + `</div>`, "too_small"},
	"not drawn":                  {`<input id=f style="display:none">`, "too_small"},
	"invisible":                  {`<input id=f style="width:200px;height:30px;visibility:hidden">`, "covered"},
	"left of the window":         {`<input id=f style="width:200px;height:30px;position:absolute;left:-9999px">`, "outside"},
	"under an overlay":           {field + `<div style="position:fixed;inset:0"></div>`, "covered"},
	"under an overlay to behold": {field + `<div style="position:fixed;inset:0;pointer-events:none"></div>`, ""},
	"under a popover":            {field + `<div popover id=o style="inset:0;width:100%;height:100%"></div>`, "covered"},
	"in the hole of an overlay": {field + `<style>i{position:fixed;background:#fff}</style>
		<i style="inset:0 0 auto 0;height:12px"></i><i style="top:24px;left:0;right:0;bottom:0"></i><i style="left:0;top:0;bottom:0;width:90px"></i><i style="left:116px;right:0;top:0;bottom:0"></i>`, "covered"},
	"clipped away":         {`<div style="clip-path:inset(0 100% 0 0)">` + field + `</div>`, "covered"},
	"behind a dialog":      {field + `<dialog id=d>x</dialog>`, "covered"},
	"inert":                {`<div inert>` + field + `</div>`, "covered"},
	"an icon at its end":   {`<div style="position:relative;width:206px">` + field + `<b style="position:absolute;right:0;top:0;width:60px;height:36px"></b></div>`, ""},
	"masked":               {`<div style="mask:linear-gradient(transparent,transparent)">` + field + `</div>`, "transparent"},
	"filtered away":        {`<svg width=0 height=0><filter id=gone><feFlood flood-opacity=0 /></filter></svg><div style="filter:url(#gone)">` + field + `</div>`, "transparent"},
	"in a frame of a form": {`<form><label>Name ` + field + `</label></form>`, ""},
}

// Rule 5: a field is usable only if a person could click it. The same in both browsers.
func TestRule05OnlyFieldsThatAPersonCouldClick(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://fields.example/", "")
		for name, tt := range fields {
			p.draw(tt.html)
			var got string
			if p.ask("unusable", &got, "#f"); got != tt.want {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		}
	})
}

// draw replaces what the page shows, and opens its popovers and dialogs.
func (p *tab) draw(html string) {
	p.t.Helper()
	text, _ := json.Marshal(html)
	p.eval(`(document.body.style.margin = 0, document.body.innerHTML = `+string(text)+`,
		document.querySelectorAll("[popover]").forEach(e => e.showPopover()), document.querySelectorAll("dialog").forEach(e => e.showModal()))`, nil)
}

// lies are pages that hide what hides the field: a field that is called like a property of the form, an image like one of the
// document, and the slot of a closed shadow root.
var lies = map[string]string{
	"a field called parentElement": `<div style="opacity:0"><form id=form><input id=f style="width:200px;height:30px"></form></div><input name=parentElement form=form type=hidden>`,
	"a field called assignedSlot":  `<div style="opacity:0"><form id=form><input id=f style="width:200px;height:30px"></form></div><input name=assignedSlot form=form type=hidden>`,
	"a field called getRootNode":   `<div style="opacity:0"><form id=form><input id=f style="width:200px;height:30px"></form></div><input name=getRootNode form=form type=hidden>`,
	"a slot that is closed":        `<div><template shadowrootmode=closed><div style="opacity:0"><slot></slot></div></template>` + field + `</div>`,
	"slots in slots": `<div><template shadowrootmode=closed><p style="opacity:.1"><slot></slot></p></template><section>
		<template shadowrootmode=closed><slot></slot></template>` + field + `</section></div>`,
}

func TestRule05PagesThatLieAboutWhatIsAroundAField(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		for name, html := range lies {
			p := show(t, k, "https://lies.example/", html)
			var got string
			if p.ask("unusable", &got, "#f"); got != "transparent" {
				t.Errorf("%s: %q, want transparent", name, got)
			}
			_ = p.Close()
		}
	})
}

const inShadow = `<div id=outer></div><script>
	const a = outer.attachShadow({mode: "open"});
	a.innerHTML = '<div id=inner><input id=slotted slot=s style="width:200px;height:30px"></div>';
	const b = a.getElementById("inner").attachShadow({mode: "open"});
	b.innerHTML = '<p id=fade><slot name=s></slot></p><input id=deep style="width:200px;height:30px">';
</script>`

func TestFieldsInOpenShadowRoots(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://shadow.example/", inShadow)
		for _, selector := range []string{"#outer >>> #slotted", "#outer >>> #inner >>> #deep"} {
			var got string
			if p.ask("unusable", &got, selector); got != "" {
				t.Errorf("%s: %q, want usable", selector, got)
			}
		}
		p.eval(`outer.shadowRoot.getElementById("inner").shadowRoot.getElementById("fade").style.opacity = 0.2`, nil)
		var got string
		if p.ask("unusable", &got, "#outer >>> #slotted"); got != "transparent" {
			t.Errorf("faded by the slot's parent: %q, want transparent", got)
		}
		p.eval(`outer.style.opacity = 0.2`, nil)
		if p.ask("unusable", &got, "#outer >>> #inner >>> #deep"); got != "transparent" {
			t.Errorf("faded by the host: %q, want transparent", got)
		}
	})
}
