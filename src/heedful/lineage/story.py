"""The techniques in the order of their years: who, what it was for, what it added, what it could not do.

This file is data and imports no technique: `heedful lineage` has to be quick.
"""

from dataclasses import dataclass
from difflib import get_close_matches

from heedful.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Technique:
    """One technique; `year` is that of its first paper, which orders them.

    `module` is the file in this folder whose `run(effort)` is the paper's experiment.
    """

    name: str
    title: str
    year: int
    authors: str
    paper: str
    idea: str
    added: str
    limits: str
    module: str


ALL = (
    Technique(
        name="perceptron",
        title="Perceptron",
        year=1958,
        authors="Rosenblatt 1958",
        paper="The perceptron: a probabilistic model for information storage and organization in the brain",
        idea="A weighted sum and a threshold; after a mistake the example is added to the weights.",
        added="Weights that are learned, with a proof that the rule ends when a line parts the classes.",
        limits="Only a straight line: not even exclusive-or.",
        module="perceptron",
    ),
    Technique(
        name="multilayer",
        title="Multilayer perceptron and back-propagation",
        year=1986,
        authors="Rumelhart, Hinton and Williams 1986",
        paper="Learning representations by back-propagating errors",
        idea="Errors go backwards through the weights, so that hidden units learn what to stand for.",
        added="Features that nobody programmed: symmetry, codes, family ties.",
        limits="A fixed number of inputs, no memory of what came before; descent can get stuck.",
        module="multilayer",
    ),
    Technique(
        name="recurrent",
        title="Jordan and Elman networks",
        year=1990,
        authors="Jordan 1986, Elman 1990",
        paper="Serial order: a parallel distributed processing approach; Finding structure in time",
        idea="What was said, or thought, at the last step comes in again beside the next input.",
        added="Sequences of any length, and structure that is found by predicting what comes next.",
        limits="Error goes back one step only; what matters later is forgotten.",
        module="recurrence",
    ),
    Technique(
        name="hopfield",
        title="Hopfield network",
        year=1982,
        authors="Hopfield 1982",
        paper="Neural networks and physical systems with emergent collective computational abilities",
        idea="Patterns are valleys of an energy; units that follow the others roll into the nearest one.",
        added="Memory by content, and energy as a way to understand a network.",
        limits="About 0.14 patterns for each unit; nothing between input and output is learned.",
        module="hopfield",
    ),
    Technique(
        name="vanishing",
        title="The vanishing gradient",
        year=1991,
        authors="Hochreiter 1991; Bengio, Simard and Frasconi 1994",
        paper="Untersuchungen zu dynamischen neuronalen Netzen; Learning long-term dependencies is difficult",
        idea="Going back through time multiplies the error by the same weights at every step.",
        added="The reason why plain recurrent networks forget: the gradient shrinks exponentially.",
        limits="A measurement, not a cure; the LSTM and attention are the cures.",
        module="vanishing",
    ),
    Technique(
        name="lstm",
        title="LSTM and GRU",
        year=1997,
        authors="Hochreiter and Schmidhuber 1997; forget gate Gers 2000; GRU Cho 2014",
        paper="Long short-term memory",
        idea="A content that is added to and not overwritten, behind gates that learn when to open.",
        added="Memory over hundreds of steps.",
        limits="Step after step, so nothing runs side by side; all of the past in one vector.",
        module="long_memory",
    ),
    Technique(
        name="boltzmann",
        title="Restricted Boltzmann machine and deep belief network",
        year=1986,
        authors="Smolensky 1986; Hinton 2002; Hinton, Osindero and Teh 2006",
        paper="Information processing in dynamical systems (1986); Training products of experts (2002); "
        "A fast learning algorithm for deep belief nets (2006)",
        idea="A layer of hidden units explains the pixels; learning makes the data likelier than what "
        "the machine dreams.",
        added="Features without labels, and deep networks that could be trained: one layer after the other.",
        limits="Its likelihood cannot be computed, sampling is slow, and rectifiers soon made the greedy "
        "start needless.",
        module="boltzmann",
    ),
    Technique(
        name="autoencoder",
        title="Autoencoders",
        year=1986,
        authors="Rumelhart, Hinton and Williams 1986; Vincent 2008; Rifai 2011",
        paper="Learning internal representations by error propagation (1986); Extracting and composing "
        "robust features with denoising autoencoders (2008)",
        idea="Squeeze an image through a layer and draw it again; hide part of it, and the code has to "
        "know the rest.",
        added="Learning from hidden parts: masked language models still do it.",
        limits="A code, but no probability: one cannot draw new images from it.",
        module="autoencoder",
    ),
    Technique(
        name="vae",
        title="Variational autoencoder",
        year=2013,
        authors="Kingma and Welling 2013; Burda 2015",
        paper="Auto-encoding variational Bayes",
        idea="The code is a small cloud; its noise is drawn outside the network, so that errors flow "
        "back through it.",
        added="A model of images with a bound on its likelihood, trained by plain gradient descent.",
        limits="Blurred images, and a bound that is as loose as the clouds are simple.",
        module="variational",
    ),
    Technique(
        name="gan",
        title="Generative adversarial network",
        year=2014,
        authors="Goodfellow 2014; Radford 2015; Arjovsky and Gulrajani 2017; Zhu 2017",
        paper="Generative adversarial nets (2014); Unsupervised representation learning with deep "
        "convolutional generative adversarial networks (2015); Improved training of Wasserstein GANs (2017); "
        "Unpaired image-to-image translation using cycle-consistent adversarial networks (2017)",
        idea="A generator makes samples from noise, a critic tells them from real ones; each learns from "
        "the other.",
        added="Samples without a likelihood: what counts as good is learned too.",
        limits="The two have to keep a balance; samples can miss whole parts of the data, and only some "
        "critics tell.",
        module="gan",
    ),
    Technique(
        name="cnn",
        title="Convolutional network",
        year=1980,
        authors="Fukushima 1980; LeCun 1989; Krizhevsky, Sutskever and Hinton 2012",
        paper="Neocognitron (1980); Backpropagation applied to handwritten zip code recognition (1989); "
        "ImageNet classification with deep convolutional neural networks (2012)",
        idea="One small filter looks everywhere; pooling forgets where exactly it found something.",
        added="Weights shared over places: far fewer of them, and a shift hardly matters.",
        limits="It sees neighbours only; what lies far apart meets after many layers.",
        module="convolution",
    ),
    Technique(
        name="window",
        title="Convolutional language model",
        year=2008,
        authors="Collobert and Weston 2008",
        paper="A unified architecture for natural language processing",
        idea="Filters over the last few characters guess the next one; layers widen what they see.",
        added="Text read by shared weights, all places side by side.",
        limits="Nothing before the window counts.",
        module="windows",
    ),
    Technique(
        name="graph",
        title="Graph networks",
        year=2016,
        authors="Kipf and Welling 2016",
        paper="Semi-supervised classification with graph convolutional networks",
        idea="Before each layer a node takes the mean of its neighbours.",
        added="A few labels reach a whole graph. The idea is of 2005; attention came in 2018.",
        limits="Sees two steps far; with many layers all nodes become alike.",
        module="graphs",
    ),
    Technique(
        name="transformer",
        title="Transformer",
        year=2017,
        authors="Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin 2017",
        paper="Attention is all you need",
        idea="Each place asks all others at once and takes the mean of their values, weighed by fit.",
        added="Any two places are one step apart, and all are computed side by side.",
        limits="Knows no order unless positions are added; its work grows with the square of the length.",
        module="attention",
    ),
    Technique(
        name="words",
        title="Word vectors",
        year=2013,
        authors="Mikolov, Sutskever, Chen, Corrado and Dean 2013; Pennington 2014",
        paper="Distributed representations of words and phrases and their compositionality",
        idea="A word is known by its company: its vector learns to tell neighbours from other words.",
        added="Meaning from plain text, learned once, used anywhere; GloVe (2014) factorises counts.",
        limits="One vector for all senses of a word; the mean of a text does not know its order.",
        module="words",
    ),
)
TECHNIQUES = {technique.name: technique for technique in sorted(ALL, key=lambda one: one.year)}


def named(name: str) -> Technique:
    """Return a technique; DataError with the nearest names where there is none of that name."""
    if name in TECHNIQUES:
        return TECHNIQUES[name]
    near = get_close_matches(name, TECHNIQUES, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(TECHNIQUES)}, and all."
    raise DataError(f"there is no technique {name!r}. {hint}")
