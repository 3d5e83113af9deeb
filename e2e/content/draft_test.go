package content

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

const salt = "c2FsdHNhbHQ"

var words = native.Words{
	Version: 1, Salt: salt,
	Hashes:   []string{native.HashWord(salt, "zephyr"), native.HashWord(salt, "Project Falke"), native.HashWord(salt, "q3-forecast"), native.HashWord(salt, "Übernahme")},
	Patterns: []native.WordPattern{{Class: native.DraftInsider, Pattern: `\bACME-\d{4,6}\b`}, {Class: native.DraftSecret, Pattern: `door code \d{4}`}, {Class: native.DraftInsider, Pattern: `(`}},
	Hosts:    []string{"wiki.acme.example", "git.acme.example"},
}

var drafts = []struct {
	text string
	want []string
}{
	{"We are hiring! Join us in Berlin on 2026-11-23 at 10:30.", nil},
	{"", nil},
	// E-mail addresses, but not handles.
	{"Write to Dana.Lee+jobs@mail.acme.example, please", []string{"email:Dana.Lee+jobs@mail.acme.example"}},
	{"Thanks @acme and @dana@social, see you@home", nil},
	{"jürgen@müller.example jürgen@mail.example", []string{"email:jürgen@mail.example"}},
	// Phone numbers, but not dates, prices, years, versions, amounts.
	{"Call +49 171 2345678 or 0044 20 7946 0958", []string{"phone:+49 171 2345678", "phone:0044 20 7946 0958"}},
	{"Tel. 030/901820-0 oder (030) 901 820", []string{"phone:030/901820-0", "phone:(030) 901 820"}},
	{"(555) 867-5309, 555-867-5309, 1-555-867-5309", []string{"phone:(555) 867-5309", "phone:555-867-5309", "phone:1-555-867-5309"}},
	{"From 01.02.2026 10 to 24/12/2026, 2024-2026, 1.000.000 views, order 12345678901, v10.20.30.40", nil},
	{"€1234567890 and $2,500,000,000 or 3.141592653589", nil},
	// Payment cards by Luhn's digit.
	{"My card 4111 1111 1111 1111 exp 12/29", []string{"card:4111 1111 1111 1111"}},
	{"378282246310005 and 5555-5555-5555-4444", []string{"card:378282246310005", "card:5555-5555-5555-4444"}},
	{"4111 1111 1111 1112, 0000 0000 0000 0000, 1234567890123456", nil},
	// IBANs by their check digits and the length of their country.
	{"IBAN DE89 3704 0044 0532 0130 00 bitte", []string{"iban:DE89 3704 0044 0532 0130 00"}},
	{"gb82west12345698765432, NO9386011117947", []string{"iban:gb82west12345698765432", "iban:NO9386011117947"}},
	{"DE88 3704 0044 0532 0130 00", nil},
	// Secrets.
	{"AKIAIOSFODNN7EXAMPLE", []string{"secret:AKIAIOSFODNN7EXAMPLE"}},
	{"ghp_" + strings.Repeat("a1B2", 9), []string{"secret:ghp_" + strings.Repeat("a1B2", 9)}},
	{"-----BEGIN RSA PRIVATE KEY-----", []string{"secret:-----BEGIN RSA PRIVATE KEY-----"}},
	{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk", []string{"secret:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk"}},
	{"Passwort: hunter2!", []string{"secret:Passwort: hunter2!"}},
	{"the password is: correct-horse", []string{"secret:password is: correct-horse"}},
	{"https://dana:hunter2@shop.example/cart", []string{"secret:https://dana:hunter2@shop.example"}},
	{"key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", []string{"secret:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}},
	{"https://news.example/a/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1A", nil},
	{"Our secret: we bake with love. The password has to be long.", nil},
	// Insider words: whole words, any case, expressions.
	{"Zephyr is near, ZEPHYR!", []string{"insider:Zephyr", "insider:ZEPHYR"}},
	{"zephyrs and prozephyr are others", nil},
	{"project  falke takes off", []string{"insider:project  falke"}},
	{"die übernahme, und das q3-forecast", []string{"insider:übernahme", "insider:q3-forecast"}},
	{"see acme-20451 and ACME-1", []string{"insider:acme-20451"}},
	{"the door code 4711 works", []string{"secret:door code 4711"}},
	// Links that only work inside.
	{"https://wiki.acme.example/plans and docs.git.acme.example", []string{"internal_link:https://wiki.acme.example/plans", "internal_link:docs.git.acme.example"}},
	{"http://intranet/start http://10.1.2.3:8080/x https://build.corp/job", []string{"internal_link:http://intranet/start", "internal_link:http://10.1.2.3:8080/x", "internal_link:https://build.corp/job"}},
	{"https://acme.example/blog, http://8.8.8.8/ and wiki.acme.example.org", nil},
	// Several at once, in their order.
	{"+49 171 2345678 dana@acme.example zephyr", []string{"phone:+49 171 2345678", "email:dana@acme.example", "insider:zephyr"}},
}

func TestRule13DraftDetectors(t *testing.T) {
	p := show(t, bt.Chromium, "https://x.com/", "")
	var texts []string
	for _, tt := range drafts {
		texts = append(texts, tt.text)
	}
	var got [][]string
	p.ask("drafts", &got, texts, words)
	for i, tt := range drafts {
		if diff := cmp.Diff(tt.want, got[i]); diff != "" && len(tt.want)+len(got[i]) > 0 {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

// The detectors stay quick on texts that are made to be slow.
func TestRule13DetectorsAreQuick(t *testing.T) {
	p := show(t, bt.Chromium, "https://x.com/", "")
	for _, part := range []string{"a", "1 ", "1", "a.", "-", "a@", "aA1", "DE89 ", "https://a.", "+1(", "password is: ", "\u00e4 ", "eyJ"} {
		var took float64
		p.ask("draftCost", &took, strings.Repeat(part, 20_000/len(part)), words)
		if took > 1000 {
			t.Errorf("%q over and over takes %.0f ms", part, took)
		}
	}
}

func TestHashesAreThoseOfTheHub(t *testing.T) {
	p := show(t, bt.Chromium, "https://x.com/", "")
	for _, word := range []string{"zephyr", "Project  Falke", "ÜBERNAHME", "ﬁle", "漢字", strings.Repeat("long ", 40), ""} {
		var got string
		if p.ask("hashWord", &got, salt, word); got != native.HashWord(salt, word) {
			t.Errorf("%q: %s, want %s", word, got, native.HashWord(salt, word))
		}
	}
}

const composer = `<div data-testid=tweetTextarea_0 contenteditable=true style="font:20px sans-serif;min-height:60px;border:1px solid #ccc;padding:8px"></div>
<textarea id=elsewhere></textarea><input id=secret type=password data-testid=tweetTextarea_0>`

// Rule 13: only composers are looked at, after a pause; class and count are told, once, and never the text.
func TestRule13WhatIsToldOfADraft(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/compose/post", composer)
		p.lease("x", map[string]any{"words": words})
		if err := p.Type("#elsewhere", "dana@acme.example"); err != nil {
			t.Fatal(err)
		}
		if err := p.Type("#secret", "dana@acme.example"); err != nil {
			t.Fatal(err)
		}
		if err := p.Type("[contenteditable]", "Zephyr: +49 171 2345678"); err != nil {
			t.Fatal(err)
		}
		d := p.ours(says("look again: a word that stays inside the company, a phone number."))
		if d.Tone != "advice" {
			t.Errorf("the tone is %s, want advice", d.Tone)
		}
		var marked []string
		if p.eval(`[...(CSS.highlights.get("keyshift-advice") ?? [])].map(String)`, &marked); !cmp.Equal(marked, []string{"Zephyr", "+49 171 2345678"}) {
			t.Errorf("underlined are %q", marked)
		}
		p.picture("draft-" + string(k))
		if err := p.Type("[contenteditable]", "9"); err != nil {
			t.Fatal(err)
		}
		p.eval("new Promise(done => setTimeout(done, 700))", nil)
		got := p.calls("draft.checked")
		if len(got) != 1 || got[0].Action != "warned" || jsonText(got[0].Hits) != `[{"Class":"insider","Count":1},{"Class":"phone","Count":1}]` {
			t.Errorf("told %+v, want both classes once", got)
		}
		if all := p.everyCall(); strings.Contains(all, "2345678") || strings.Contains(strings.ToLower(all), "zephyr") || strings.Contains(all, "dana") {
			t.Errorf("text of the draft was told: %s", all)
		}
		p.eval(`(document.querySelector("[contenteditable]").textContent = "Hello", document.querySelector("[contenteditable]").dispatchEvent(new InputEvent("input", {bubbles: true})))`, nil)
		p.ours(func(d drawn) bool { return d.Tone == "calm" && len(d.Text) == 2 })
		if got := p.text(`String(CSS.highlights.has("keyshift-advice"))`); got != "false" {
			t.Error("the underline stays")
		}
	})
}
