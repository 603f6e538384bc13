"""Where settings come from: options, the settings file, credentials and their sources."""
