"""Shared by the programs: the contract, HTTP, texts, the console and the pytest plugin."""


class AssumedRuleWarning(UserWarning):
    """Under pytest: the engine breaks a rule on which the page is silent. `-W error` can except the category."""
