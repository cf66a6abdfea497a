"""Models and tables by name: what there is, what is cached, and `fetch`, the only door to the network."""

from heedful.catalogue.cache import cached, installed, locate
from heedful.catalogue.filling import fetch
from heedful.catalogue.listing import Entry, entries, entry
from heedful.catalogue.provenance import origin

__all__ = ["Entry", "cached", "entries", "entry", "fetch", "installed", "locate", "origin"]
