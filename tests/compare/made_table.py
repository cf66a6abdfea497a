"""A small table that can be learned from, but not by heart."""

import csv
import random

WORDS = {
    "good": ["fine", "lovely", "warm", "bright", "witty", "moving", "rich", "clever"],
    "bad": ["dull", "cold", "flat", "tired", "empty", "slow", "weak", "messy"],
    "odd": ["strange", "eerie", "weird", "surreal", "bizarre", "uncanny", "dreamlike", "wry"],
}
FILLERS = ["the", "film", "story", "scene", "actor", "plot", "music", "camera", "ending", "script", "city"]


def write_table(path, rows=240, seed=0):
    """Write `rows` texts in three classes, 5 % of them with a wrong label, as CSV."""
    draw = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle)
        out.writerow(["text", "label"])
        for i in range(rows):
            label = list(WORDS)[i % 3 if draw.random() < 0.8 else 0]
            words = (
                draw.choices(WORDS[label], k=2) + draw.choices(FILLERS, k=8) + [f"n{draw.randrange(10**6)}"]
            )
            draw.shuffle(words)
            said = label if draw.random() < 0.95 else draw.choice(list(WORDS))
            out.writerow([" ".join(words), said])
    return path
