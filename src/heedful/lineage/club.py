"""Zachary's karate club (1977): 34 members, 78 friendships, and a quarrel after which the club split in two.

A GCN is told where the instructor (0) and the president (33) went, and has to say it of the other 32. Members
have no features: X is the identity.
"""

import numpy as np
import torch
from scipy.sparse import identity
from torch.nn.functional import cross_entropy

from heedful.lineage.neighbours import GCN, renormalised
from heedful.report.svg import frame, line, linear, spot, text
from heedful.types import Floats, Ints

FRIENDS = """
0 1 2 3 4 5 6 7 8 10 11 12 13 17 19 21 31; 1 2 3 7 13 17 19 21 30; 2 3 7 8 9 13 27 28 32; 3 7 12 13;
4 6 10; 5 6 10 16; 6 16; 8 30 32 33; 9 33; 13 33; 14 32 33; 15 32 33; 18 32 33; 19 33; 20 32 33; 22
32 33; 23 25 27 29 32 33; 24 25 27 31; 25 31; 26 29 33; 27 33; 28 31 33; 29 32 33; 30 32 33; 31 32
33; 32 33
"""
INSTRUCTOR, PRESIDENT, MEMBERS = 0, 33, 34
STAYED = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21}  # with the instructor
SIDE, EDGE = 320.0, 16.0


def edges() -> Ints:
    """Return the friendships both ways, (2, 156)."""
    lists = (list(map(int, row.split())) for row in FRIENDS.split(";"))
    pairs = np.array([(row[0], friend) for row in lists for friend in row[1:]]).T
    return np.concatenate([pairs, pairs[::-1]], axis=1)


def sides() -> Ints:
    """Return 0 for those who stayed with the instructor, 1 for those who went with the president."""
    return np.array([int(member not in STAYED) for member in range(MEMBERS)])


def split(seed: int, epochs: int = 200) -> Ints:
    """Return the side (34,) that a GCN of 8 hidden units gives to each member."""
    random = torch.Generator().manual_seed(seed)
    net = GCN(renormalised(edges(), MEMBERS), MEMBERS, 8, 2, random)
    adam = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)
    who, names = identity(MEMBERS, np.float32, "csr"), torch.tensor([INSTRUCTOR, PRESIDENT])
    for _ in range(epochs):
        adam.zero_grad()
        cross_entropy(net(who, random)[names], torch.tensor([0, 1])).backward()  # type: ignore[no-untyped-call]
        adam.step()
    with torch.inference_mode():
        return net(who).argmax(-1).numpy()  # type: ignore[no-any-return]


def layout(seed: int = 0, steps: int = 500) -> Floats:
    """Return places (34, 2): friends pull, all push (Fruchterman and Reingold 1991)."""
    places = np.random.default_rng(seed).normal(size=(MEMBERS, 2))
    joined = np.zeros((MEMBERS, MEMBERS))
    joined[tuple(edges())] = 1
    ideal = 2 / np.sqrt(MEMBERS)
    for step in range(steps):
        apart = places[:, None] - places[None]  # (34, 34, 2)
        distance = np.maximum(np.linalg.norm(apart, axis=-1), 1e-3)
        force = (apart * (ideal**2 / distance**2 - joined * distance / ideal)[..., None]).sum(axis=1)
        size = np.maximum(np.linalg.norm(force, axis=1, keepdims=True), 1e-9)
        places += force / size * np.minimum(size, 0.2 * (1 - step / steps))
    return places


def drawn(found: Ints) -> str:
    """Draw who is friends with whom, and the side that each member was given."""
    places = layout()
    low, high = places.min(axis=0), places.max(axis=0)
    across, up = (linear(low[axis], high[axis], EDGE, SIDE - EDGE) for axis in (0, 1))
    parts = [
        line(across(places[a, 0]), up(places[a, 1]), across(places[b, 0]), up(places[b, 1]), "grid")
        for a, b in edges().T[: len(edges().T) // 2]
    ]
    named = {INSTRUCTOR: "instructor", PRESIDENT: "president"}
    for member, (x, y) in enumerate(places):
        kind, radius = ("first", "second")[found[member]], 8 if member in named else 5
        parts.append(spot(across(x), up(y), kind, f"member {member}", radius))
    parts += [
        text(across(places[k, 0]) + 10, up(places[k, 1]) - 8, name, "axis") for k, name in named.items()
    ]
    return frame(SIDE + 60, SIDE, "The karate club in two", "34 members, 78 friendships, two sides", parts)
