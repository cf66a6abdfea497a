"""The honest leaderboard. The package itself is callable: `heedful.compare(table)`."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heedful.compare.leaderboard import Leaderboard


class _Verb(ModuleType):
    """Lets `heedful.compare` be the function although a folder has the same name."""

    def __call__(self, table: Any, **options: Any) -> "Leaderboard":
        from heedful.compare.run import compare

        return compare(table, **options)


sys.modules[__name__].__class__ = _Verb
