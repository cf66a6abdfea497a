"""The smallest example of attention: five words of two numbers; query, key and value are the word's vector.

The two numbers may be read as "money" and "water". "bank" lies half way; "river" draws it to the water. The
weights of "bank" are a course's known result; they need scores that are not scaled.
"""

SENTENCE = ("the", "bank", "of", "the", "river")
VECTORS = {"the": (0.1, 0.1), "bank": (0.5, 0.5), "of": (0.1, 0.2), "river": (0.2, 1.0)}
AXES = ("money", "water")
WORD = 1  # the place of "bank", whose weights are known
WEIGHTS = (0.16150348, 0.24093488, 0.16978394, 0.16150348, 0.26627422)
