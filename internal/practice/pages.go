package practice

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"net/http"
)

//go:embed pages
var files embed.FS

var templates = template.Must(template.ParseFS(files, "pages/*.html"))

// The pages, by the name of their template.
const (
	nameForm     = "name"
	passwordForm = "password"
	codeForm     = "code"
	homePage     = "home"
	settingsPage = "settings"
)

// view is what a page shows.
type view struct {
	Page, Name, Error string
	Posts             []string
}

// show serves one of the forms of the log-in; the later ones only while one is under way.
func (s *Site) show(form string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, at, ok := s.underWay(r)
		if form != nameForm && !ok || form == codeForm && !at.password {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		s.render(w, http.StatusOK, form, view{Name: at.name})
	}
}

func (s *Site) render(w http.ResponseWriter, status int, page string, v view) {
	v.Page = page
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, "page.html", v); err != nil {
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = text.WriteTo(w) // the browser may be gone
}

func style(w http.ResponseWriter, _ *http.Request) {
	f, err := files.Open("pages/style.css")
	if err != nil {
		http.Error(w, "no style", http.StatusInternalServerError)
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = io.Copy(w, f) // the browser may be gone
}
