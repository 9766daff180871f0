"""Describes the paths under /v2 for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from service.inference.bodies import HEADER_LENGTH
from service.inference.models import name_config_type
from service.inference.tensors import DTYPES, MOST_AXES
from service.openapi.examples import Example
from service.openapi.refusals import (
    ANYWHERE,
    INFERENCE,
    INFERENCE_ERROR,
    KEYED,
    NAMED,
    RUN,
    Refusal,
    list_refusals,
)
from service.openapi.schemas import INTEGER, TEXT, Schema, allow_null, build_object, refer_to

TAG = "Open Inference Protocol"


def _build_list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


PARAMETERS = {
    "description": "see the protocol; what this server does not know it ignores",
    **allow_null({"type": "object"}),
}
DATATYPE = {"type": "string", "enum": [*DTYPES, "BYTES"]}
NAME: dict[str, Schema] = {"name": TEXT, "datatype": DATATYPE}
SIZES = _build_list(INTEGER | {"minimum": 0}, maxItems=MOST_AXES)
COUNT = INTEGER | {"minimum": 0}
CONFIGURED: dict[str, Schema] = {
    "name": TEXT,
    "data_type": {"type": "string", "enum": [name_config_type(datatype) for datatype in DATATYPE["enum"]]},
    "dims": _build_list(INTEGER | {"minimum": -1}, description="-1: whatever comes"),
}
DATA = _build_list({}, description="in row-major order, flat or nested; left out where it comes as binary data")

COMPONENTS: dict[str, Schema] = {
    INFERENCE: INFERENCE_ERROR,
    "InferenceTensor": build_object(NAME | {"shape": SIZES}, {"parameters": PARAMETERS, "data": DATA}),
    "InferenceOutputWanted": build_object({"name": TEXT}, {"parameters": PARAMETERS}),
    "InferenceRequest": build_object(
        {"inputs": _build_list(refer_to("InferenceTensor"))},
        {
            "id": allow_null(TEXT),
            "parameters": PARAMETERS,
            "outputs": allow_null(_build_list(refer_to("InferenceOutputWanted"))),
        },
    ),
    "InferenceResponse": build_object(
        {"model_name": TEXT, "model_version": TEXT, "outputs": _build_list(refer_to("InferenceTensor"))}, {"id": TEXT}
    ),
    "InferenceTensorDescription": build_object(
        NAME | {"shape": _build_list(INTEGER | {"minimum": -1}, description="-1: whatever comes")}
    ),
    "InferenceModel": build_object(
        {
            "name": TEXT,
            "versions": _build_list(TEXT),
            "platform": TEXT,
            "inputs": _build_list(refer_to("InferenceTensorDescription")),
            "outputs": _build_list(refer_to("InferenceTensorDescription")),
        }
    ),
    "InferenceModelConfig": build_object(
        {
            "name": TEXT,
            "platform": TEXT,
            "version_policy": build_object(
                {"latest": build_object({"num_versions": INTEGER})}, description="how many of the newest are served"
            ),
            "max_batch_size": INTEGER | {"description": "0: no axis is a batch's"},
            "input": _build_list(build_object(CONFIGURED | {"optional": {"type": "boolean"}})),
            "output": _build_list(build_object(CONFIGURED)),
        },
        description="A model's configuration in Triton's form.",
    ),
    "InferenceDuration": build_object(
        {"count": COUNT, "ns": COUNT | {"description": "nanoseconds of all of them together"}}
    ),
    "InferenceStatistics": build_object(
        {
            "success": refer_to("InferenceDuration"),
            "fail": refer_to("InferenceDuration"),
            "queue": refer_to("InferenceDuration"),
            "compute_input": refer_to("InferenceDuration"),
            "compute_infer": refer_to("InferenceDuration"),
            "compute_output": refer_to("InferenceDuration"),
            "cache_hit": refer_to("InferenceDuration"),
            "cache_miss": refer_to("InferenceDuration"),
        },
        description="requests by how they ended, waits and graph calls; what is not measured, or does not exist, is 0",
    ),
    "InferenceModelStatistics": build_object(
        {
            "name": TEXT,
            "version": TEXT | {"description": "the one asked for, or the newest; the numbers are of all versions"},
            "inference_count": COUNT | {"description": "series received or made"},
            "execution_count": COUNT | {"description": "graph calls; of generation, turns of several"},
            "inference_stats": refer_to("InferenceStatistics"),
            "batch_stats": _build_list(build_object({}), maxItems=0),
        }
    ),
    "InferenceAllStatistics": build_object(
        {"model_stats": _build_list(refer_to("InferenceModelStatistics"))},
        description="Over every wire and worker, since the server started.",
    ),
    "InferenceModelReady": build_object({"name": TEXT, "ready": {"type": "boolean"}}),
    "InferenceServer": build_object({"name": TEXT, "version": TEXT, "extensions": _build_list(TEXT)}),
    "InferenceServerReady": build_object({"live": {"type": "boolean"}, "ready": {"type": "boolean"}}),
    "InferenceServerLive": build_object({"live": {"type": "boolean"}}),
    "RepositoryEntry": build_object(
        {"name": TEXT, "version": TEXT, "state": {"type": "string", "enum": ["READY", "UNAVAILABLE"]}, "reason": TEXT}
    ),
    "RepositoryIndex": _build_list(refer_to("RepositoryEntry")),
    "RepositoryIndexRequest": build_object({}, {"ready": {"description": "true: only what is served"}}),
    "RepositoryRequest": build_object({}, {"parameters": PARAMETERS}),
    "InferenceOctets": {
        "type": "string",
        "format": "binary",
        "description": "the JSON object, and behind it tensors as binary data",
    },
    "RepositoryAnswer": build_object({}, description="empty"),
}
for _name, _schema in COMPONENTS.items():
    _schema["title"] = _name

BINARY = refer_to("InferenceOctets")
LENGTH_NAME = HEADER_LENGTH.decode()
LENGTH = {"schema": INTEGER | {"minimum": 0}, "description": "bytes of JSON before binary data; absent: all are JSON"}


def build_paths(example: Example | None) -> dict[str, Any]:
    """Build the path items of /v2, with examples of what is served where there are any."""
    named = f"{example.model}.{example.inference_operation}" if example else None
    model = _describe_parameter("model", "<bundle>.<operation>", named)
    version = _describe_parameter("version", "a version of the bundle", str(example.version) if example else None)
    listed: dict[str, Any] = {
        "/v2": {
            "get": _describe_path("v2_server", "The server's name, version and extensions.", "InferenceServer", *KEYED)
        },
        "/v2/health/live": {
            "get": _describe_path("v2_live", "200 while the process lives.", "InferenceServerLive", security=[]),
        },
        "/v2/health/ready": {
            "get": _describe_path("v2_ready", "200 when a model is served.", "InferenceServerReady", security=[]),
        },
        "/v2/repository/index": {
            "post": _describe_path(
                "v2_repository_index",
                "Every model, and why it is not served where it is not.",
                "RepositoryIndex",
                *KEYED,
                links=_describe_links("", model="$response.body#/0/name"),
                requestBody=_describe_body("RepositoryIndexRequest", required=False),
            )
        },
        "/v2/models/stats": {
            "get": _describe_path(
                "v2_statistics", "What every model was asked so far.", "InferenceAllStatistics", *KEYED
            )
        },
        **_describe_control("load", model),
        **_describe_control("unload", model),
    }
    for place, suffix, parameters in (("", "", [model]), ("/versions/{version}", "_version", [model, version])):
        listed |= _describe_model(f"/v2/models/{{model}}{place}", suffix, parameters, example)
    return listed


def _describe_model(
    path: str, suffix: str, parameters: list[dict[str, Any]], example: Example | None
) -> dict[str, Any]:
    """Describe the paths of a model, or of one of its versions."""
    asked = _describe_body("InferenceRequest")
    if example is not None and (body := example.build_inference()) is not None:
        asked["content"]["application/json"]["example"] = body
    asked["content"]["application/octet-stream"] = {"schema": BINARY}
    about = (*KEYED, *NAMED)
    infer = _describe_path("v2_infer" + suffix, "Runs a model.", "InferenceResponse", *KEYED, *RUN, requestBody=asked)
    infer["parameters"] = [*parameters, {"name": LENGTH_NAME, "in": "header", "required": False, **LENGTH}]
    infer["responses"]["200"]["content"]["application/octet-stream"] = {"schema": BINARY}
    infer["responses"]["200"]["headers"] = {LENGTH_NAME: LENGTH}
    return {
        path: {
            "parameters": parameters,
            "get": _describe_path(
                "v2_model" + suffix,
                "A model's versions, inputs and outputs.",
                "InferenceModel",
                *about,
                links=_describe_links("_version", model="$response.body#/name", version="$response.body#/versions/0"),
            ),
        },
        f"{path}/ready": {
            "parameters": parameters,
            "get": _describe_path(
                "v2_model_ready" + suffix, "200 when a model is served.", "InferenceModelReady", *about
            ),
        },
        f"{path}/config": {
            "parameters": parameters,
            "get": _describe_path(
                "v2_model_config" + suffix, "A model's configuration.", "InferenceModelConfig", *about
            ),
        },
        f"{path}/stats": {
            "parameters": parameters,
            "get": _describe_path(
                "v2_model_statistics" + suffix, "What a model was asked so far.", "InferenceAllStatistics", *about
            ),
        },
        f"{path}/infer": {"post": infer},
    }


def _describe_control(verb: str, model: dict[str, Any]) -> dict[str, Any]:
    summary = f"{verb.title()}s a model's bundle, with all its operations."
    asked = _describe_body("RepositoryRequest", required=False)
    described = _describe_path(
        "v2_" + verb, summary, "RepositoryAnswer", *KEYED, *RUN, requestBody=asked, parameters=[model]
    )
    return {f"/v2/repository/models/{{model}}/{verb}": {"post": described}}


def _describe_parameter(name: str, description: str, example: str | None) -> dict[str, Any]:
    parameter = {"name": name, "in": "path", "required": True, "schema": TEXT, "description": description}
    return parameter | ({"example": example} if example else {})


def _describe_body(name: str, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": refer_to(name)}}}


def _describe_links(suffix: str, **parameters: str) -> dict[str, Any]:
    """What may be asked next, about a model that an answer names."""
    asked = ("v2_model", "v2_model_ready", "v2_model_config", "v2_model_statistics")
    return {f"{name}{suffix}": {"operationId": name + suffix, "parameters": parameters} for name in asked}


def _describe_path(
    name: str, summary: str, answer: str, *kinds: Refusal, links: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "The answer.", "content": {"application/json": {"schema": refer_to(answer)}}}
    if links:
        good["links"] = links
    answers = {"200": good, **list_refusals(*ANYWHERE, *kinds, shape=INFERENCE)}
    return {"tags": [TAG], "operationId": name, "summary": summary, "responses": answers, **more}
