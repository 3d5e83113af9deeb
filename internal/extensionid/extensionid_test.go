package extensionid

import (
	"encoding/base64"
	"testing"
)

func TestTheIDBelongsToTheKey(t *testing.T) {
	der, err := base64.StdEncoding.DecodeString(ChromiumKey)
	if err != nil {
		t.Fatal(err)
	}
	if got := Of(der); got != Chromium {
		t.Errorf("the id of the key is %s, want %s", got, Chromium)
	}
}
