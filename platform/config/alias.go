package config

import (
	"regexp"
	"strings"
)

// The design document's names for settings that have their own here. An alias whose section no
// module has is accepted and unused, so that the document's files load in every build.

// envAliases are whole variables.
var envAliases = map[string]string{
	"DATABASE_URL":       "database.url",
	"DATABASE_OWNER_URL": "database.owner_url",
	"TIMESCALE_URL":      "database.timescale_url",
	"REDIS_URL":          "redis.url",
	"AGENT_API_URL":      "uplink.url",
	"BUFFER_PATH":        "buffer.path",
	"STORAGE_DRIVER":     "storage.driver",
	"STORAGE_BASE_PATH":  "storage.base_path",
}

// keyAliases are keys of the document's gateway.yml.
var keyAliases = map[string]string{
	"server.url":                      "uplink.url",
	"server.control_url":              "control.url",
	"organization.id":                 "uplink.organization_id",
	"organization.provisioning_token": "uplink.token",
	"logging.level":                   "log.level",
	"logging.file":                    "log.file",
}

// sectionAliases rename whole sections.
var sectionAliases = map[string]string{"adapters": "devices"}

// resolve returns the key that a written one stands for.
func resolve(key string) (to string, aliased bool) {
	if to, ok := keyAliases[key]; ok {
		return to, true
	}
	section, rest, _ := strings.Cut(key, ".")
	if to, ok := sectionAliases[section]; ok {
		return joinKey(to, rest), true
	}
	return key, false
}

// serviceLink is what Kubernetes puts into every container's environment for a service whose
// name begins with staff-: STAFF_GATEWAY_PORT=tcp://10.0.0.1:3003. They are no settings.
var serviceLink = regexp.MustCompile(`^STAFF_[A-Z0-9_]*?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP)(_[A-Z]+)?)?)$`)

// ownListen returns the listen setting of the role that runs alone; PORT means nothing else.
func ownListen(role any) (key string, ok bool) {
	roles, _ := texts(role)
	if len(roles) != 1 || roles[0] == "all" {
		return "", false
	}
	return strings.ReplaceAll(roles[0], "-", "_") + ".listen", true
}
