"""Secrets that tell by their beginning what they are, whatever their name."""

import re

BEGINNINGS = (
    *("eyj", "gho_", "ghp_", "ghs_", "github_pat_", "glpat-", "hooks.slack.com/", "hvs.", "_live_", "xox", "aiza"),
    *("akia", "asia", "/webhooks/", "/bot", "$"),
)
"""A text with such a secret holds one of these, in small letters."""

LOOK = re.compile(
    r"(eyJ(?:(?<![\w-]eyJ)|(?<=%[0-9A-Fa-f]{2}eyJ))(?=[\w-]{8,}+\.[\w-]{4})|gh[ops]_|github_pat_|glpat-|hooks\.slack\.com/services/|hvs\.|[rs]k_live_|xox[abeoprs]-"
    r"|AIza(?=[\w-]{35})|A[KS]IA(?=[A-Z2-7]{16}(?![A-Za-z0-9]))|/webhooks/(?=\d{6,30}+/)|/bot(?=\d{6,20}+:)"
    r"|\$(?:[15689y]|2[abxy]|apr1)\$)"
)
"""The beginning of a token of three parts, of well-known services' tokens and addresses, of the hash of a password."""
REST = re.compile(r"[\w./$=,:+%~-]{8,}+")
