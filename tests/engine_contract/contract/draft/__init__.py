"""Tests of drafts of other pages."""
