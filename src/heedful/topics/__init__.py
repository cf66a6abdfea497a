"""Topics of texts: found in any encoder's vectors, told by words, and scored."""

from heedful.topics.coherence import diversity, npmi
from heedful.topics.model import Topic, TopicModel

__all__ = ["Topic", "TopicModel", "diversity", "npmi"]
