"""What /openapi.json says of POST /predict."""

from typing import Any

_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_PREDICTION = {
    "type": "object",
    "required": ["label", "probability", "probabilities"],
    "properties": {
        "label": {"type": "string"},
        "probability": {"type": "number"},
        "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
        "neighbours": {"type": "array", "items": {"type": "object"}},
    },
}
_ANSWER = {
    "type": "object",
    "required": ["predictions", "truncated", "model"],
    "properties": {
        "predictions": {"type": "array", "items": _PREDICTION},
        "truncated": {"type": "integer", "description": "texts of which the model did not see the end"},
        "model": {"type": "object"},
    },
}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
_LIST = {"type": "object", "required": ["texts"], "properties": {"texts": _TEXTS}}
PREDICT: dict[str, Any] = {
    "operationId": "predict",
    "requestBody": {
        "required": True,
        "content": _json({"oneOf": [_TEXT, _LIST, {"type": "string"}, _TEXTS]}),
    },
    "responses": {
        "200": {"description": "One prediction per text, in order.", "content": _json(_ANSWER)},
        "4XX": {
            "description": "The request cannot be answered; the sentence says why.",
            "content": _json(_ERROR),
        },
        "429": {"description": "Too many requests at once; see Retry-After.", "content": _json(_ERROR)},
    },
}
