// Package extensionid has the names by which browsers, the extension and the native host know each other. A browser starts
// the native host only for an extension that the host's manifest names, and tells it which one asked.
package extensionid

import "crypto/sha256"

// Firefox is the extension's id in Firefox, `gecko.id` of its manifest.
const Firefox = "companion@keyshift-hq.github.io"

// Chromium is the extension's id in Chromium, Chrome, Edge and Brave as long as its manifest has [ChromiumKey]: the first
// half of the key's SHA-256 in the letters a to p.
const Chromium = "jlkoncibddhoaicbeinmfkppkpggccbg"

// ChromiumKey is the public key of the manifest. Its private half does not exist any more: it is there to fix the id, not to sign.
// Whoever packs an own crx signs it with an own key, and has an own id.
const ChromiumKey = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuWhGTEu74o/FEm2TPs55PBkeOGTMePQgXuHhSV4ThnjBlPN1V4Z5EmPaLUZ2c5oTfU7sG6qq6PPMTRy35gLYk/naRsToSEJD+4EEK0zWw6WjctRflkSbzvatdUWhTdX7TyLtwIOf0NF0HuuRzfW8C8EkSGRjx3XVOL6XfA5Cf6/AQT0SMf67bD5VgpcsT7ZVKLyuMqZXezi60+vCFYsw6TeCew7koOfKi+fNMqISbOqRamCuVtdAz8pxfBZEbVv4/YSEf6pULrOYeNF8MYPhgUhQpx/K76pl15yQXY5ppwUdIc3acYSZdwksWaWDXuM8CZSONl7j3E83DPZ4o4MxJwIDAQAB"

// Of is the id that Chromium gives to an extension with this public key (DER).
func Of(publicKey []byte) string {
	sum := sha256.Sum256(publicKey)
	id := make([]byte, 0, 32)
	for _, b := range sum[:16] {
		id = append(id, 'a'+b>>4, 'a'+b&15)
	}
	return string(id)
}
