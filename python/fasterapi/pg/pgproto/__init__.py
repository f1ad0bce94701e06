"""Values that Python has no class for, under the names by which they are known."""
