"""Tests of watch-engine, of replays and of profiles, over real sockets."""
