"""Tests of the mock engine, over real HTTP where a user would."""
