"""Writes test/fixtures/templates.json: chat templates in the styles that models use, and what transformers renders for conversations.

The templates are written for this test. Needs: pip install transformers jinja2. Run from the repository root: python3 test/reference/templates.py
"""
import importlib.metadata
import json

from transformers.utils.chat_template_utils import render_jinja_template

TEMPLATES = {
    "chatml": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nDefault.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "header": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Cutting Knowledge Date: December 2023\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "turns": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {{ raise_exception('System role not supported') }}
{%- endif -%}
{%- for message in messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\n' }}{{ message['content'] | trim }}{{ '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\n'}}
{%- endif -%}
""",
    "inst": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set ns = namespace(index=0) %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results") %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- endif %}
{%- endfor %}
""",
    "phi": "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "drops-system": "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n<|assistant|>\n'}}{% elif message['role'] == 'assistant' %}{{message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}",
    "thinking": """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and reasoning %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
""",
    "json": "{% for m in messages %}{{ m | tojson }};{{ [1, 2.5, none, true, 'é<&>\"\\n'] | tojson }};{{ {'a': {'b': []}} | tojson(indent=2) }}{% endfor %}",
    "control": """{% macro turn(role, text) -%}
<{{ role | upper }}>{{ text }}</{{ role | upper }}>
{%- endmacro %}
{% for m in messages if m.role != 'system' %}
{% if loop.index > 3 %}{% break %}{% endif %}
{% if m.content == 'skip' %}{% continue %}{% endif %}
{{ turn(m.role, m.content | replace('a', 'o')) }}
{{ loop.index }}/{{ loop.length }} {{ loop.revindex }} {{ 'F' if loop.first }} {{ 'L' if loop.last }}
{% endfor %}
{% for i in range(0, 6, 2) %}{{ i }},{% endfor %} {{ messages | map(attribute='role') | join('-') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}
{% set x = 'a b c'.split() %}{{ x | length }} {{ x[-1] }} {{ 'abc'[1:] }} {{ 7 // 2 }} {{ 7 % 3 }} {{ 2 ** 3 if false else 'no' }} {{ 'x' ~ 1 }} {{ '%s' }} {{ "  t  " | trim }}|
{%- generation %}kept{% endgeneration %}
{# a comment #}end{{ loop is defined }}{{ true }} {{ messages[0].role == 'user' }} {{ true | tojson }} {{ [true] | tojson }} {{ 'yes' if none_such is defined else 'no' }}{{ (messages | first).role }}{{ (messages | last).role | length }}
""",
}

CHATS = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "  Why is the sky blue?\n"}],
    [{"role": "user", "content": "Say <|im_end|> and <eos>."}, {"role": "assistant", "content": "No <|eot_id|>."}, {"role": "user", "content": "再见 😀"}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nbanana"}, {"role": "user", "content": "skip"}, {"role": "assistant", "content": ""}, {"role": "user", "content": "{{ x }} {% y %} \"q\" \\n"}],
    [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}],
]
VARIABLES = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def rendered(template: str, chat: list, generate: bool, extra: dict):
    try:
        out, _ = render_jinja_template(conversations=[chat], chat_template=template, add_generation_prompt=generate, **VARIABLES, **extra)
        return {"text": out[0]}
    except Exception as error:
        return {"refused": str(error)}


def main() -> None:
    cases = []
    for name, template in TEMPLATES.items():
        for chat in CHATS:
            for generate in (True, False):
                for extra in ({}, {"enable_thinking": False}) if name == "thinking" else ({},):
                    # `strftime_now` tells today's date; a fixed one is given as the template's own variable.
                    fixed = {"date_string": "26 Jul 2024"} if name == "header" else {}
                    cases.append({"template": name, "messages": chat, "generate": generate, "variables": extra, **rendered(template, chat, generate, {**extra, **fixed})})
    payload = {"source": f"transformers {importlib.metadata.version('transformers')}, jinja2 {importlib.metadata.version('jinja2')}", "variables": VARIABLES, "templates": TEMPLATES, "cases": cases}
    with open("test/fixtures/templates.json", "w") as out:
        json.dump(payload, out, ensure_ascii=False, indent=1)
        out.write("\n")


main()
