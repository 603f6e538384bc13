"""Jobs: their ids, their state and their documents."""
