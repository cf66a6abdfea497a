"""The config.json of a model that does not exist yet, from sizes in our own names."""

from collections.abc import Mapping
from typing import Any

from heedful.families.family import Config, Family, Key, put, their_value


def fresh_config(family: Family, architecture: str, sizes: Mapping[str, Any]) -> Config:
    """Return their config for `sizes`: our fields (dots lead inwards) of stacks and, in `head.`, the head.

    A size that the family has no word for is left out; what is not given keeps the family's default.
    """
    kind = family.architectures[architecture]
    theirs: Config = {"model_type": family.name, "architectures": [architecture], **family.holds}
    parts = ((family.encoder, ""), (family.decoder, ""), (kind.head, "head."))
    wanted: dict[str, list[tuple[Key, Any]]] = {}
    for fields, prefix in parts:
        for path, key in (fields or {}).items():
            if isinstance(key, Key) and prefix + path in sizes:
                wanted.setdefault(key.name, []).append((key, sizes[prefix + path]))
    for name, pairs in wanted.items():
        put(theirs, name, their_value(pairs))
    return theirs
