"""One declarative file for each checkpoint family: data, no modules."""

from heedful.families.bert import BERT
from heedful.families.family import Family

FAMILIES = {family.name: family for family in (BERT,)}

__all__ = ["FAMILIES", "Family"]
