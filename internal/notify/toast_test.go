package notify

import "testing"

func TestToastsQuoteWhatTheySay(t *testing.T) {
	got, err := toastXML(Notice{ID: "7", Title: `A "B" $(calc)`, Body: `<script>]]>&'`, Urgent: true, Buttons: []Button{{"renew", "Renew"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `<toast launch="id=7&amp;key=" scenario="reminder"><visual><binding template="ToastGeneric"><text>A &#34;B&#34; $(calc)</text>` +
		`<text>&lt;script&gt;]]&gt;&amp;&#39;</text></binding></visual><audio silent="true"></audio><actions><action content="Renew" arguments="id=7&amp;key=renew" activationType="foreground"></action></actions></toast>`
	if got != want {
		t.Errorf("toast is\n%s\nwant\n%s", got, want)
	}
}

func TestAnswersOfToasts(t *testing.T) {
	for _, tt := range []struct {
		arguments, id, key string
		ok                 bool
	}{
		{arguments("7", "renew"), "7", "renew", true},
		{arguments("a&b=c", "check in"), "a&b=c", "check in", true},
		{arguments("7", ""), "7", "", false}, // the toast itself was clicked
		{"%zz", "", "", false},
	} {
		id, key, ok := answer(tt.arguments)
		if ok != tt.ok || ok && (id != tt.id || key != tt.key) {
			t.Errorf("answer(%q) = %q, %q, %v, want %q, %q, %v", tt.arguments, id, key, ok, tt.id, tt.key, tt.ok)
		}
	}
}
