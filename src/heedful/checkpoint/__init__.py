"""Model folders in and out, and where they lie."""
