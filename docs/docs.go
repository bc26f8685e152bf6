// Package docs embeds the pages of the documentation that the product serves itself.
package docs

import "embed"

// Gateway are the pages on gateways: gateway/NAME.md.
//
//go:embed gateway/*.md
var Gateway embed.FS
