"""HTTP as both programs need it."""
