"""Tables in, checks before any training, splits that can be trusted."""

from heedful.data.checks import Inspection, inspect
from heedful.data.splits import Part, Split, split
from heedful.data.table import Table, TextRows, read_table, read_texts
from heedful.data.write import write_columns

__all__ = [
    "Inspection",
    "Part",
    "Split",
    "Table",
    "TextRows",
    "inspect",
    "read_table",
    "read_texts",
    "split",
    "write_columns",
]
