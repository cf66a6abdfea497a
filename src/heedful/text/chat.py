"""Conversations to one text, by the template of a model's folder: a stranger's program."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from heedful.errors import TokenizerError

CONFIG, MAP, FILE = "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"
LONGEST = 64 << 10  # characters of a template
SPECIAL = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")

Message = Mapping[str, Any]  # role, content


class ChatTemplate:
    """A template, and the special tokens that it may name."""

    def __init__(self, source: str, tokens: Mapping[str, str] | None = None) -> None:
        if len(source) > LONGEST:
            raise TokenizerError(
                f"the chat template has {len(source)} characters; at most {LONGEST} are read. Use another."
            )
        self.source, self.tokens = source, dict(tokens or {})
        self.compiled: Any = None

    @classmethod
    def of(cls, files: Mapping[str, str]) -> "ChatTemplate | None":
        """Return the template in the files beside a tokenizer (name -> text), None where there is none."""
        tokens = special_tokens(files)
        if FILE in files:
            return cls(files[FILE], tokens)
        found = settings(files, CONFIG).get("chat_template")
        if isinstance(found, list):  # several, by name
            named = {one.get("name"): one.get("template") for one in found if isinstance(one, dict)}
            found = named.get("default")
        return cls(found, tokens) if isinstance(found, str) else None

    def render(self, messages: Sequence[Message], answer: bool = True, **more: Any) -> str:
        """Return the text of a conversation; `answer` adds what makes the model speak next.

        A template that fails, refuses, or does too much is a TokenizerError.
        """
        from heedful.text.budget import BUDGET, LEFT
        from heedful.text.sandbox import Sandbox

        given = {"tools": None, "documents": None, **self.tokens, **more, "messages": list(messages)}
        try:
            data = json.loads(json.dumps(given))  # plain data, and none of the caller's own objects
        except (TypeError, ValueError, RecursionError) as problem:
            raise TokenizerError(
                f"the conversation is no plain data ({problem}); expected role and content."
            ) from None
        left = LEFT.set([BUDGET + 8 * sum(len(str(message)) for message in messages)])
        try:
            self.compiled = self.compiled or Sandbox().compiled(self.source)
            return str(self.compiled.render(**data, add_generation_prompt=answer))
        except Exception as problem:  # whatever a stranger's program leads to
            reason = " ".join(str(problem).split())[:300] or type(problem).__name__
            raise TokenizerError(
                f"the chat template cannot be used: {reason}. Use another, or none."
            ) from None
        finally:
            LEFT.reset(left)


def special_tokens(files: Mapping[str, str]) -> dict[str, str]:
    """Return the special tokens that the files name, such as bos_token."""
    found: dict[str, str] = {}
    for name in (MAP, CONFIG):
        for key, value in settings(files, name).items():
            text = value.get("content") if isinstance(value, dict) else value
            if key in SPECIAL and isinstance(text, str):
                found[key] = text
    return found


def settings(files: Mapping[str, str], name: str) -> dict[str, Any]:
    """Return the JSON object in one of the files, empty where there is none."""
    try:
        found = json.loads(files.get(name, "{}"))
    except (ValueError, RecursionError) as problem:
        raise TokenizerError(f"{name} is not valid JSON ({problem}). Copy or make it again.") from None
    return found if isinstance(found, dict) else {}
