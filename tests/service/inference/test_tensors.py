"""Tensors survive being written and read, whatever they hold and however they go."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.errors import InvalidRequest
from service.answers import Labels
from service.inference.inputs import list_extras, list_inputs, read_fields
from service.inference.models import Model
from service.inference.outputs import list_outputs
from service.inference.tensors import DTYPES, from_binary, from_list, to_binary, to_list
from service.operations import OPERATIONS

TEXTS = ["", "a", "ä…", "\x00", "two words"]
SHAPES = [(0,), (1,), (5,), (2, 3), (2, 0, 4), (3, 2, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("datatype", DTYPES)
def test_numbers_come_back_as_they_were(datatype: str, shape: tuple[int, ...]):
    array = np.random.default_rng(0).integers(0, 100, shape).astype(DTYPES[datatype])
    there = from_binary("x", datatype, shape, to_binary(array, datatype))
    assert there.dtype == array.dtype and np.array_equal(there, array)
    listed = to_list(array, datatype).tolist()
    assert np.array_equal(from_list("x", datatype, shape, listed), array)
    if array.size:
        assert np.array_equal(from_list("x", datatype, shape, array.tolist()), array)


def test_text_comes_back_as_it_was():
    labels = Labels(np.array([4, 0, 1, 1, 2, 3]), TEXTS)
    expected = [TEXTS[index] for index in labels.class_index]
    assert from_binary("x", "BYTES", [6], to_binary(labels, "BYTES")).tolist() == expected
    assert from_list("x", "BYTES", [2, 3], to_list(labels, "BYTES")).reshape(-1).tolist() == expected
    assert to_binary(labels, "BYTES") == to_binary(expected, "BYTES")


@pytest.mark.parametrize("content", [b"\x01", b"\x05\0\0\0abc", b"\xff\xff\xff\xffab", b"\x01\0\0\0\xff"])
def test_text_that_is_not_whole(content: bytes):
    with pytest.raises(InvalidRequest, match="element|UTF-8"):
        from_binary("x", "BYTES", [1], content)


def test_a_number_beyond_its_datatype():
    with pytest.raises(InvalidRequest, match="out of the range of INT8"):
        from_list("x", "INT8", [1], [1000])


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_every_field_of_an_operation_has_its_tensors(operation):
    fields = {one.field for one in list_inputs(operation.request)} | set(list_extras(operation.request))
    aliases = {field.alias or name for name, field in operation.request.model_fields.items()}
    assert fields == aliases - {"model"}
    assert {one.field for one in list_outputs(operation.answer).values()} == {*operation.answer.__annotations__} - {
        "model",
        "version",
    }


def test_choices_are_read_as_json_would_say_them():
    inputs = list_inputs(OPERATIONS["augment"].request)
    factor = {"factor": np.array([2.5], np.float32)}
    assert read_fields(inputs, factor) == {"strategy": {"factor": 2.5}}
    assert read_fields(inputs, {"factor": np.array([1.15], np.float32)}) == {"strategy": {"factor": 1.15}}
    totals = {"class_label": np.array(["a", "b"], object), "count": np.array([3, 4])}
    assert read_fields(inputs, totals) == {"strategy": {"counts": {"a": 3, "b": 4}}}
    numbered = {"class_label": np.array([1, 2]), "count": np.array([3, 4], np.int32)}
    assert read_fields(inputs, numbered) == {"strategy": {"counts": {"1": 3, "2": 4}}}


def test_outputs_decide_what_is_computed(sines):
    model = Model(OPERATIONS["classify"], sines)
    assert model.select(()).wanted == {"labels", "probabilities"} and not model.select(()).extras
    assert model.select(("typicality",)).wanted == {"typicality"}
    assert model.select(("typicality",)).extras == {"with": ["typicality"]}
    assert model.select(("labels",)) is model.select(("labels",))
    assert {output.field for output in Model(OPERATIONS["augment"], sines).select(("had", "seed")).outputs} == {
        "report",
        "seed",
    }
