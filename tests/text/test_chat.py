"""Chat templates: the reference's text for ordinary ones, a quick refusal of hostile ones."""

import json
import resource
import time
from pathlib import Path

import pytest

from heedful.errors import TokenizerError
from heedful.text.chat import ChatTemplate

CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA = """
{%- if messages[0]['role'] == 'system' %}
    {%- set loop_messages = messages[1:] %}
    {%- set system_message = messages[0]['content'] %}
{%- else %}
    {%- set loop_messages = messages %}
    {%- set system_message = false %}
{%- endif %}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
    {%- endif %}
    {%- if loop.index0 == 0 and system_message is not false %}
        {%- set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}
    {%- else %}
        {%- set content = message['content'] %}
    {%- endif %}
    {%- if message['role'] == 'user' %}
        {{- bos_token + '[INST] ' + content | trim + ' [/INST]' }}
    {%- elif message['role'] == 'assistant' %}
        {{- ' ' ~ content | trim ~ ' ' ~ eos_token }}
    {%- endif %}
{%- endfor %}
"""
TOOLS = """
{% macro show(item, depth=0) %}
{% for key, value in item | dictsort %}{{ '  ' * depth }}{{ key }}: {% if value is mapping %}

{{ show(value, depth + 1) }}{% elif value is iterable and value is not string %}{{ value | join(', ') }}
{% else %}{{ value | tojson(indent=2) }}
{% endif %}{% endfor %}
{%- endmacro %}
{%- set ns = namespace(last=-1, said=[]) -%}
{% for m in messages[::-1] %}
{% if m.role == 'user' and ns.last < 0 %}{% set ns.last = loop.revindex0 %}{% endif %}
{% endfor %}
{% for m in messages if m.content is string %}
{% generation %}{{ m.role | title }} [{{ loop.index }}/{{ loop.length }}]{% if not loop.last %},{% endif %}
{% endgeneration %}
{% set ns.said = ns.said + [m.content.split('</think>')[-1].lstrip('\\n').upper()] %}
{% if loop.index0 == messages | length - 1 %}{% break %}{% endif %}
{% endfor %}
{{ ns.last }} {{ ns.said | map('lower') | select('ne', 'x') | list | tojson }} {{ "%s-%03d" % (ns.last, 7) }}
{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join(' + ') }}
{{ tools | default([], true) | length }} {{ {'a': {'b': [1, 2]}, 'c': 'd'}.items() | list }} {{ 7 // 2 ** 2 }}
{{ show({'a': {'b': [1, 2]}, 'c': 'é<'}) }}{{ (1, 2) }}
{{ [1, none, true] }} {{ 'a' in 'abc' and not 3 in [1, 2] }}
{{ messages[0].nothing }}{{ messages[0]['content'][:3] ~ 5 }} {{ range(2, 9, 3) | list }}
{{ 'x' if 0 else 'y' | e }}
"""
TALKS = (
    [{"role": "user", "content": "Hi there"}],
    [{"role": "system", "content": "Be brief. <b>"}, {"role": "user", "content": " Was ist \"1 < 2\"?\n"},
     {"role": "assistant", "content": "<think>hm</think>\n\nWahr 🙂"}, {"role": "user", "content": "x"}],
)  # fmt: skip
NEST = "{% set ns = namespace(x=%s) %}{% for i in range(60) %}{% set ns.x = %s %}{% endfor %}{{ ns.x }}"


@pytest.mark.parametrize("more", [True, False])
@pytest.mark.parametrize("talk", TALKS)
@pytest.mark.parametrize("source", [CHATML, LLAMA, TOOLS], ids=["chatml", "llama", "tools"])
def test_ordinary_templates_give_the_references_text(
    source: str, talk: list[dict[str, str]], more: bool
) -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    theirs = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE()), bos_token="<s>", eos_token="</s>", chat_template=source
    )
    wanted = theirs.apply_chat_template(talk, tokenize=False, add_generation_prompt=more)
    template = ChatTemplate(source, {"bos_token": "<s>", "eos_token": "</s>"})
    assert template.render(talk, more) == wanted
    assert template.render(talk, more) == wanted
    assert wanted.strip()


def test_a_long_conversation_is_no_attack() -> None:
    talk = [{"role": "user" if i % 2 == 0 else "assistant", "content": f"{i} " * 2000} for i in range(300)]
    for source in (CHATML, LLAMA):
        text = ChatTemplate(source, {"bos_token": "<s>", "eos_token": "</s>"}).render(talk)
        assert all(message["content"].strip() in text for message in talk)


HOSTILE = {
    "loops": "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}",
    "one range, three loops": "{% set r = range(9000) %}" + "{% for i in r %}" * 3 + "{% endfor %}" * 3,
    "a long loop": "{% for i in range(10**8) %}x{% endfor %}",
    "a long range": "{{ range(10**9) | list | length }}",
    "text in a loop": "{% set r = range(90000) %}{% for i in r %}" + "y" * 60000 + "{% endfor %}",
    "string times": "{{ 'a' * 10**9 }}",
    "list times": "{{ ['a'] * 10**9 }}",
    "plus": NEST.replace("%s", "'aaaa'", 1).replace("%s", "ns.x + ns.x"),
    "tilde": NEST.replace("%s", "'aaaa'", 1).replace("%s", "ns.x ~ ns.x"),
    "nested lists": NEST.replace("%s", "[1]", 1).replace("%s", "[ns.x, ns.x]"),
    "nested tuples as a key": NEST.replace("%s", "(1,)", 1).replace("%s", "(ns.x, ns.x)") + "{{ {ns.x: 1} }}",
    "nested tables": NEST.replace("%s", "{}", 1).replace("%s", "dict(a=ns.x, b=ns.x)"),
    "a namespace in itself": "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a }}",
    "blocks": "{% set ns = namespace(x='aa') %}{% for i in range(60) %}{% set y %}"
    "{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}{% endfor %}",
    "a macro that calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "a macro that calls itself twice": "{% macro f(n) %}{% if n > 1 %}{{ f(n - 1) }}{{ f(n - 2) }}{% endif %}"
    "{% endmacro %}{{ f(60) }}",
    "a recursive loop": "{% for x in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "a block in itself": "{% block x %}{{ self.x() }}{% endblock %}",
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "class as an item": "{{ ''['__class__'] }}",
    "class by map": "{{ messages | map(attribute='__class__') | list }}",
    "class by attr": "{{ messages | attr('__class__') }}",
    "globals": "{{ raise_exception.__globals__ }}",
    "os": "{{ namespace.__init__.__globals__.os.system('touch CANARY') }}",
    "import": "{% import 'os' as os %}",
    "include": "{% include '/etc/passwd' %}",
    "format to a class": "{{ '{0.__class__}'.format(messages) }}",
    "wide format": "{{ '{:>1000000000}'.format(1) }}",
    "wide percent": "{{ '%1000000000d' % 1 }}",
    "starred percent": "{{ '%*d' % (1000000000, 1) }}",
    "many percents": "{{ '%(a)s' * 90000 % {'a': 'x' * 90000} }}",
    "center": "{{ 'a' | center(10**9) }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "indent": "{{ 'a\nb' | indent(10**9) }}",
    "tojson": "{{ messages | tojson(indent=10**9) }}",
    "power": "{{ 10 ** (10 ** 10) }}",
    "squares": NEST.replace("%s", "99999", 1).replace("%s", "ns.x * ns.x"),
    "replace": "{{ ('a' * 90000).replace('a', 'b' * 90000) }}",
    "join": "{{ range(90000) | join('x' * 90000) }}",
    "rfind": "{% for i in range(1000) %}{{ ('a' * 90000).rfind('b' ~ 'a' * 45000) }}{% endfor %}",
    "strip": "{{ ('a' * 900000).strip('b' * 900000) }}",
    "characters": "{{ ('日' * 2000000) | list | length }}",
    "compare": "{% set x = 'a' * 900000 %}{% set y = x ~ '' %}"
    "{% for i in range(90000) %}{{ x == y }}{% endfor %}",
    "in": "{% set x = range(90000) | list %}{% for i in range(90000) %}{{ -1 in x }}{% endfor %}",
    "slices": "{% set x = 'a' * 900000 %}{% for i in range(90000) %}{% set y = x[1:] %}{% endfor %}",
    "parentheses": "{{ " + "(" * 30000 + "1" + ")" * 30000 + " }}",
    "a long sum": "{{ 1" + "+1" * 30000 + " }}",
    "many comparisons": "{{ " + "a==b," * 12000 + " }}",
    "nested loops": "{% for a in [1] %}" * 3000,
    "half a template": "{% for",
    "a huge template": "x" * 70000,
    "changing the conversation": "{{ messages.append(1) }}",
    "lipsum": "{{ lipsum(n=10**6) }}",
    "a refusal": "{{ raise_exception('not today') }}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_templates_end_soon(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ChatTemplate("{{ messages }}").render(TALKS[1])
    before, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TokenizerError, match="chat template"):
        ChatTemplate(HOSTILE[name]).render(TALKS[0])
    assert time.process_time() - before < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 200 << 10  # KB
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("source", ["{{1}}" * 1500, "{% set a = 1 %}" * 1000, "{% if a %}{% endif %}" * 800])
def test_the_longest_templates_are_made_in_time(source: str) -> None:
    before = time.process_time()
    ChatTemplate(source).render([])
    assert time.process_time() - before < 2


def test_a_refusal_says_why() -> None:
    with pytest.raises(TokenizerError, match="not today"):
        ChatTemplate(HOSTILE["a refusal"]).render([])
    with pytest.raises(TokenizerError, match="no plain data"):
        ChatTemplate("x").render([{"role": object()}])


def test_where_a_template_is_kept() -> None:
    files: dict[str, str] = {}
    assert ChatTemplate.of(files) is None
    config = {"bos_token": {"content": "<s>"}, "eos_token": None, "chat_template": "{{ bos_token }}1"}
    files["tokenizer_config.json"] = json.dumps(config)
    assert ChatTemplate.of(files).render([]) == "<s>1"
    config["chat_template"] = [
        {"name": "tool", "template": "t"},
        {"name": "default", "template": "{{ eos_token }}2"},
    ]
    files["tokenizer_config.json"] = json.dumps(config)
    files["special_tokens_map.json"] = json.dumps({"eos_token": "</s>"})
    assert ChatTemplate.of(files).render([]) == "</s>2"
    files["chat_template.jinja"] = "3"
    assert ChatTemplate.of(files).render([]) == "3"
    files["tokenizer_config.json"] = "{"
    with pytest.raises(TokenizerError, match="not valid JSON"):
        ChatTemplate.of(files)
