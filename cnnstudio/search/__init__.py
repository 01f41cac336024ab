"""Search over settings and layer settings: trials of a study that processes share."""
