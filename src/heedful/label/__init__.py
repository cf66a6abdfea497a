"""Labelling by hand: what to ask for next, every answer kept, an honest score beside it."""
