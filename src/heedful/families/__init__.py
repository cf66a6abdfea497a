"""One declarative file for each checkpoint family: data, no modules."""

from heedful.families.bart import BART, MBART
from heedful.families.bert import BERT
from heedful.families.distilbert import DISTILBERT
from heedful.families.family import HABITS, Architecture, Family, Stored
from heedful.families.gpt2 import GPT2
from heedful.families.llama import LLAMA, MISTRAL, QWEN2
from heedful.families.marian import MARIAN
from heedful.families.modernbert import MODERNBERT
from heedful.families.mpnet import MPNET
from heedful.families.refused import REFUSED
from heedful.families.roberta import CAMEMBERT, ROBERTA, XLM_ROBERTA
from heedful.families.t5 import T5
from heedful.families.vit import VIT
from heedful.families.whisper import WHISPER

FAMILIES = {
    family.name: family
    for family in (
        BERT, ROBERTA, XLM_ROBERTA, CAMEMBERT, DISTILBERT, MPNET, MODERNBERT, GPT2, LLAMA, MISTRAL, QWEN2, T5,
        BART, MBART, MARIAN, VIT, WHISPER,
    )
}  # fmt: skip

__all__ = ["FAMILIES", "HABITS", "REFUSED", "Architecture", "Family", "Stored"]
