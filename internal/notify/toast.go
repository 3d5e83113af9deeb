package notify

import (
	"encoding/xml"
	"fmt"
	"net/url"
)

// toast is a notice in the language of the Windows Runtime (toastschema).
type toast struct {
	XMLName  xml.Name      `xml:"toast"`
	Launch   string        `xml:"launch,attr"`
	Scenario string        `xml:"scenario,attr,omitempty"`
	Visual   toastVisual   `xml:"visual"`
	Audio    *toastAudio   `xml:"audio,omitempty"`
	Actions  *toastActions `xml:"actions,omitempty"`
}

type toastVisual struct {
	Binding struct {
		Template string   `xml:"template,attr"`
		Text     []string `xml:"text"`
	} `xml:"binding"`
}

type toastAudio struct {
	Silent bool `xml:"silent,attr"`
}

type toastActions struct {
	Action []toastAction `xml:"action"`
}

type toastAction struct {
	Content    string `xml:"content,attr"`
	Arguments  string `xml:"arguments,attr"`
	Activation string `xml:"activationType,attr"`
}

// toastXML writes a notice. The encoder quotes every text.
func toastXML(n Notice) (string, error) {
	t := toast{Launch: arguments(n.ID, "")}
	t.Visual.Binding.Template, t.Visual.Binding.Text = "ToastGeneric", []string{n.Title, n.Body}
	if n.Urgent {
		t.Scenario = "reminder"
	}
	if !n.Sound {
		t.Audio = &toastAudio{Silent: true}
	}
	for _, b := range n.Buttons {
		if t.Actions == nil {
			t.Actions = &toastActions{}
		}
		t.Actions.Action = append(t.Actions.Action, toastAction{Content: b.Text, Arguments: arguments(n.ID, b.Key), Activation: "foreground"})
	}
	out, err := xml.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("write toast: %w", err)
	}
	return string(out), nil
}

// arguments is what the Windows Runtime gives back when a toast is answered.
func arguments(id, key string) string {
	return url.Values{"id": {id}, "key": {key}}.Encode()
}

// answer reads arguments.
func answer(arguments string) (id, key string, ok bool) {
	values, err := url.ParseQuery(arguments)
	return values.Get("id"), values.Get("key"), err == nil && values.Get("key") != ""
}
