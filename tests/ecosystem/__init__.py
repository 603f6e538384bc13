"""The spec in the tools that people already use: each test runs one of them."""
