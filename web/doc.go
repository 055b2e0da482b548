// Package web is the gateway: it stands before the shop and decides, for every
// request, whether it goes through.
//
// The way of a request:
//
//	canonicalTarget   one spelling of host and path; ambiguous ones are refused
//	    |-- /_rushgate/…  the visitors' own routes: join, status, claim, leave, now
//	    |-- no route of an event, or a bypass one  ->  shop
//	identify          pass, admission and visitor cookie, each checked
//	decide            what to do and why, from what is in memory alone
//	    |-- through, or first a claim, a direct entry, a touch  ->  shop
//	    `-- wait: the page, the JSON place, or 429
//
// Everything a visitor polls is answered from memory. Errors are problems
// (RFC 9457) and are written in one place.
package web
