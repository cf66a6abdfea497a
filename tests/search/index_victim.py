"""Adds and deletes for ever, and says on stdout what is done; to be killed. Arguments: the folder, the seed.

Before each call it says `try JSON`, after it `done`. The JSON maps ids to texts, null where one is deleted.
"""

import json
import random
import sys
from itertools import count
from pathlib import Path

from hashed import Hashed

from heedful.search import change, intake
from heedful.search.index import Index

change.PART_ROWS, change.LIGHT_PARTS, intake.PART_ROWS = 16, 3, 4


def main(folder: str, seed: int) -> None:
    chance = random.Random(seed)
    index = Index.open(Path(folder), Hashed())
    for number in count():
        ids = [str(chance.randrange(40)) for _ in range(chance.randrange(1, 10))]
        if chance.random() < 0.3:
            print("try", json.dumps(dict.fromkeys(ids)), flush=True)
            index.delete(ids)
        else:
            texts = {one: f"text {seed} {number} {one}" for one in ids}
            print("try", json.dumps(texts), flush=True)
            index.add(list(texts), list(texts.values()))
        print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
