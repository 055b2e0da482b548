package rediscatalog

// All keys share one hash tag, so that a Cluster keeps the catalog on one shard
// and one script can change it. No event's own keys can have the tag: an event
// id holds no underscore.
const tag = "{_catalog}"

// keyDocuments is a HASH event id -> document, JSON. The revision is a field of
// it, which no event id can be, so that neither is ever lost without the other.
const (
	keyDocuments  = "rg:" + tag + ":docs"
	fieldRevision = "_revision"
)

// keyLog is a STREAM of entries. The organization is part of it, so that who
// takes over an id later does not read what others did.
func keyLog(organization, id string) string {
	return "rg:" + tag + ":log:" + organization + ":" + id
}
