"""What the programs share: the contract, HTTP, texts, the console and the pytest plugin."""
