package app

import win "golang.org/x/sys/windows"

// systemLanguages are those of the user's system settings, the best first.
func systemLanguages() []string {
	languages, err := win.GetUserPreferredUILanguages(win.MUI_LANGUAGE_NAME)
	if err != nil {
		return nil
	}
	return languages
}
