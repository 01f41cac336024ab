"""Search over settings: what to search over, how it stands, what made the difference."""
