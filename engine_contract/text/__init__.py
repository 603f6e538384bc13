"""Texts as both programs show them."""
