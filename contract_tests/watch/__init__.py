"""watch-engine: a recording proxy before a live engine that judges each cancel that passes."""
