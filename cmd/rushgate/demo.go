package main

type demo struct{}

// Run is not wired yet.
func (demo) Run(*app) error { return nil }
