package rediscatalog

// All keys share one hash tag, so that a Cluster keeps the catalog on one shard
// and one script can change it. No event's own keys can have the tag: an event
// id holds no underscore.
const tag = "{_catalog}"

const (
	keyDocuments = "rg:" + tag + ":docs"     // HASH event id -> document, JSON
	keyRevision  = "rg:" + tag + ":revision" // Step times the number of writes so far
)

// keyLog is a STREAM of entries. The organization is part of it, so that who
// takes over an id later does not read what others did.
func keyLog(organization, id string) string {
	return "rg:" + tag + ":log:" + organization + ":" + id
}
