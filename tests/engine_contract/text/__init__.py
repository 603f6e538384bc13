"""Tests of texts as people may see them."""
