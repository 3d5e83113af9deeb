//go:build !goexperiment.runtimesecret

package seal

func quietly(f func()) { f() }

func forget() {}
