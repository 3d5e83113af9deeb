package replica

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// homePolicy is as strict as the networks': a banner has to live with it.
const homePolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; require-trusted-types-for 'script'"

// home is every page for somebody who is signed in: the front page, settings, the page for writing.
func (w *World) home(rw http.ResponseWriter, r *http.Request, s Session) {
	rw.Header().Set("Content-Security-Policy", homePolicy)
	w.mu.Lock()
	a, _ := w.account(s.Network, s.Handle)
	as, acts := w.account(s.Network, s.As)
	w.mu.Unlock()
	if !acts {
		as = a
	}
	body := `<p>Signed in. You are at <span id="where">` + html.EscapeString(r.URL.Path) + `</span></p>` + identity(a, as) + switcher(a) + wayOut(s) + links(s.Network) + composer(s.Network)
	if strings.Contains(r.URL.Path, "password") {
		body += newPassword
	}
	page(rw, s.Network+"-home", s.Network, body+`<script src="/replica/home.js"></script>`)
}

const newPassword = `<form id="change"><input name="current_password" type="password"><input name="new_password" type="password" autocomplete="new-password"><input name="password_confirmation" type="password" autocomplete="new-password"><button>Save</button></form>`

// identity is what tells on the page who is signed in, and as whom.
func identity(a, as Account) string {
	h := html.EscapeString(as.Handle)
	switch a.Network {
	case "x":
		return fmt.Sprintf(`<nav role="navigation"><a data-testid="AppTabBar_Profile_Link" href="/%s">Profile</a> <button data-testid="SideNav_AccountSwitcher_Button">%s @%s</button></nav>`, h, h, h)
	case "facebook":
		return fmt.Sprintf(`<script type="application/json">{"require":[["CurrentUserInitialData",[],{"ACCOUNT_ID":"%s","USER_ID":"%s","NAME":"%s"},270]]}</script>`, a.ID, as.ID, h)
	case "instagram":
		return fmt.Sprintf(`<nav role="navigation"><a href="/%s/">Profile</a></nav><script type="application/json">{"define":[["PolarisViewer",[],{"data":{"id":"%s","username":"%s"}},1]]}</script>`, h, a.ID, h)
	case "desk":
		return `<p>Your work</p>`
	}
	return fmt.Sprintf(`<header><div data-test-id="header-profile"><a href="/%s/">%s</a></div></header>`, h, h)
}

// switcher leads to the account as which this one may act.
func switcher(a Account) string {
	if a.Acts == "" {
		return ""
	}
	return `<p><a id="act" href="/replica/act">Switch to ` + html.EscapeString(a.Acts) + `</a></p>`
}

// wayOut is Facebook's: a menu behind a picture, and in it a form that only this page can send.
func wayOut(s Session) string {
	if s.Network != "facebook" {
		return ""
	}
	return `<div role="navigation"><div role="button" tabindex="0" id="account"><svg aria-label="Your profile" width="40" height="40"><g><circle cx="20" cy="20" r="18"></circle></g></svg></div></div>
<div id="menu" hidden><div data-visualcompletion="ignore-dynamic" data-nocookies="true" role="listitem" style="padding:8px"><div role="button" tabindex="0" id="log-out">Log out</div></div></div>
<form id="leaves" method="post" action="/logout.php" hidden><input type="hidden" name="fb_dtsg" data-own value="` + html.EscapeString(s.token) + `"></form>`
}

// links lead to pages that a lease does not need, with a new document and without, and out.
func links(network string) string {
	guard := map[string]string{"x": "/settings/password", "facebook": "/settings?tab=security", "instagram": "/accounts/password/change/", "pinterest": "/settings/account-settings", "desk": "/settings"}[network]
	out := map[string]string{"x": "/logout", "facebook": "/logout.php", "instagram": "/accounts/logout/", "pinterest": "/logout/", "desk": "/logout"}[network]
	return fmt.Sprintf(`<p><a id="to-settings" href="%s">Settings</a> <a id="spa-settings" data-spa href="%s">Settings without a new document</a> <a id="spa-home" data-spa href="/home">Home</a> <a id="out" href="%s">Log out</a></p>`, guard, guard, out)
}

// composer is where a post is written.
func composer(network string) string {
	const box = `style="border:1px solid #999;min-height:80px;width:500px;padding:8px"`
	switch network {
	case "x":
		return `<div data-testid="tweetTextarea_0" contenteditable="true" role="textbox" ` + box + `></div><button data-testid="tweetButton">Post</button>`
	case "facebook":
		return `<div role="dialog"><div contenteditable="true" data-lexical-editor="true" role="textbox" ` + box + `></div><div role="button">Post</div></div>`
	case "instagram":
		return `<div aria-label="Write a caption..." contenteditable="true" role="textbox" ` + box + `></div><div role="button">Share</div>`
	}
	return `<input id="storyboard-selector-title" placeholder="Tell everyone what your Pin is about"><button data-test-id="storyboard-creation-nav-done">Publish</button>`
}
