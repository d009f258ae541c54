"""What clients of OpenAI's shape in Python make of an endpoint, as JSON. They are as they come from PyPI."""
import json
import sys

import openai
from langchain_openai import ChatOpenAI

base_url, key = sys.argv[1:3]
client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)
messages = [{"role": "user", "content": "the cat sees a dog"}]
asked = {"model": "live", "messages": messages, "max_tokens": 12, "temperature": 0}


def error_of(ask):
    try:
        ask()
    except openai.APIError as error:
        return {"class": type(error).__name__, "code": error.code, "type": error.type, "param": error.param}
    return None


def streamed(**more):
    text, finish, usage = "", None, None
    for chunk in client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}, **more):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
        usage = chunk.usage or usage
    return {"text": text, "finish": finish, "in": usage.prompt_tokens, "out": usage.completion_tokens}


def whole():
    answer = client.chat.completions.create(**asked)
    choice = answer.choices[0]
    return {"text": choice.message.content, "finish": choice.finish_reason, "in": answer.usage.prompt_tokens,
            "out": answer.usage.completion_tokens, "id": answer._request_id}


chain = ChatOpenAI(base_url=base_url, api_key=key, model="live", max_tokens=12, temperature=0, max_retries=0)
print(json.dumps({
    "whole": whole(),
    "streamed": streamed(),
    "models": [model.id for model in client.models.list()],
    "wrong key": error_of(lambda: openai.OpenAI(base_url=base_url, api_key="sk-of-nobody-0123456789", max_retries=0).models.list()),
    "no alias": error_of(lambda: client.models.retrieve("gpt-4")),
    "chain": chain.invoke("the cat sees a dog").content,
    "chain streamed": "".join(chunk.text for chunk in chain.stream("the cat sees a dog")),
}))
