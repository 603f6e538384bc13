"""Names of other packages that no version promises: each is missed at once, with a sentence, when it is gone."""
