package page

// Screen is what the page is about at the moment. Which parts of the page it
// shows is written once, in templates/waiting.html.
type Screen string

const (
	ScreenCountdown Screen = "countdown"
	ScreenDraw      Screen = "draw"    // in the draw
	ScreenArrived   Screen = "arrived" // in the line; a number follows
	ScreenJoining   Screen = "joining"
	ScreenWaiting   Screen = "waiting"
	ScreenDoor      Screen = "door" // called, but the rate is spent for the moment
	ScreenTurn      Screen = "turn"
	ScreenMissed    Screen = "missed"
	ScreenLeft      Screen = "left"
	ScreenClosed    Screen = "closed"
	ScreenRejected  Screen = "rejected"
	ScreenSoldOut   Screen = "sold_out"
	ScreenHold      Screen = "hold" // the store is away and there is no place yet
	ScreenNoCookie  Screen = "no_cookie"
	ScreenSignIn    Screen = "sign_in" // an account is missing
)

// Banner is what the room as a whole is doing, above whatever the screen says.
type Banner string

const (
	BannerNone       Banner = ""
	BannerPaused     Banner = "paused"
	BannerQueueAll   Banner = "queue_all"
	BannerHold       Banner = "hold"
	BannerRestore    Banner = "restore"
	BannerDraining   Banner = "draining"
	BannerDown       Banner = "down" // the shop cannot be reached
	BannerSlow       Banner = "slow" // it can take fewer than usual
	BannerAllHeld    Banner = "all_held"
	BannerShort      Banner = "may_not_suffice" // this visitor's, like the next
	BannerBeyond     Banner = "beyond"
	BannerOffline    Banner = "offline"     // the script's alone
	BannerOfflineNew Banner = "offline_new" // the script's alone: no place yet
	BannerBusy       Banner = "busy"        // the script's alone
)

// screenOf decides what a visitor sees. Its twin is screenOf in static/words.js.
func screenOf(p Place) Screen {
	switch p.State {
	case StateTurn, StateAdmitted:
		return ScreenTurn
	case StateDraw:
		return ScreenDraw
	case StateMissed:
		return ScreenMissed
	case StateLeft:
		return ScreenLeft
	case StateClosed:
		return ScreenClosed
	case StateRejected:
		return ScreenRejected
	case StateSoldOut:
		return ScreenSoldOut
	}
	switch {
	case p.Number > 0:
		return ScreenWaiting
	case p.State == StateWaiting || p.State == StatePaused:
		return ScreenArrived
	case p.Phase == "before":
		return ScreenCountdown
	case p.Mode == ModeHold:
		return ScreenHold
	case p.Mode == ModeClosed:
		return ScreenClosed
	case p.Mode == ModeRejected:
		return ScreenRejected
	case p.Mode == ModeSoldOut:
		return ScreenSoldOut
	}
	return ScreenJoining
}

// bannerOf decides what stands above the screen: nothing where a mode is no
// news to this visitor, or the screen says it already.
func bannerOf(p Place) Banner {
	screen := screenOf(p)
	switch {
	case screen == ScreenTurn && (p.Mode == ModePaused || p.Mode == ModeDown || p.Mode == ModeAllHeld):
		return Banner(p.Mode) // the door is shut for longer than a moment
	case screen != ScreenWaiting && screen != ScreenArrived && screen != ScreenDraw:
		return BannerNone
	case p.Mode == ModeHold:
		return BannerHold
	case p.State == StatePaused || p.Mode == ModePaused:
		return BannerPaused
	case p.Mode == ModeQueueAll:
		return BannerQueueAll
	case p.Mode == ModeRestore:
		return BannerRestore
	case p.Mode == ModeDown:
		return BannerDown
	case p.Mode == ModeDraining:
		return BannerDraining
	case p.Mode == ModeAllHeld:
		return BannerAllHeld
	case p.Stock != "":
		return Banner(p.Stock)
	case p.Wait.P90 > 0 && p.Wait.Reason != "": // longer than it would have to be
		return BannerSlow
	}
	return BannerNone
}
