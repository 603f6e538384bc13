"""All that touches the inside of connexion: imports, routing, security and validation."""
