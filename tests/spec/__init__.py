"""The contract: page, ledger and OpenAPI document."""
