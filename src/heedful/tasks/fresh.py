"""A model that does not exist yet: its shapes from a recipe, in the form of a family."""

from heedful.checkpoint.folder import Form
from heedful.checkpoint.outline import outline
from heedful.core.model import Transformer
from heedful.errors import ConfigError
from heedful.families import FAMILIES, Family
from heedful.families.fresh import fresh_config
from heedful.tasks.recipe import Recipe
from heedful.text.marks import MARKS, habits
from heedful.text.tokenizer import Tokenizer


def planned(
    recipe: Recipe, tokenizer: Tokenizer, marks: str, family: str, heads: tuple[str, ...]
) -> tuple[Transformer, Form]:
    """Return a model that has no values yet, and the form of its files.

    The recipe's family, else `family`, has a class of models whose name ends with one of `heads`.
    """
    chosen = FAMILIES[recipe.family or family]
    names = [name for name in chosen.architectures if name.endswith(heads)]
    if not names:
        raise ConfigError(f"the family {chosen.name} has no model {' or '.join(heads)}; take {family}.")
    sizes = {**recipe.sizes(tokenizer.vocab, gated(chosen)), "input.scaled": sinusoidal(chosen)}
    theirs = fresh_config(chosen, names[0], sizes)
    model = outline(chosen.read(theirs, names[0]), "the recipe")
    return model, Form(chosen, names[0], habits(tokenizer, MARKS[marks]))


def gated(family: Family) -> bool:
    """Has the family's feed-forward a gate, always?"""
    return (family.decoder or family.encoder or {}).get("gated") is True


def sinusoidal(family: Family) -> bool:
    """Are sinusoids added to the token vectors, which then have to be as large?"""
    return str((family.decoder or family.encoder or {}).get("input.placed")).startswith("sinusoid")
