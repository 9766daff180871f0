"""A graph that repeats a step holds it once, in a loop: written out, it would grow, and take long to export."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STATE, STEP = "state", "step"
"""Inputs of a step's graph, its last: what the steps change, and the number of the step, from 0 on, int64 `[]`."""

NEXT_STATE, ANSWER = "next_state", "answer"
"""Outputs of a step's graph: the state after it, and what the whole answers if it ends here."""


def repeat_step(step: onnx.ModelProto, times: int, start: str, output: str) -> onnx.ModelProto:
    """A graph that takes a step `times` over: its input `start` is the first state, its `output` the last answer.

    The step's other inputs are those of the graph, and so are its weights.
    """
    body = helper.make_graph(
        [*step.graph.node, helper.make_node("Identity", ["go"], ["go_on"])],
        "step",
        [
            helper.make_tensor_value_info(STEP, TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info(STATE, TensorProto.FLOAT, None),
            helper.make_tensor_value_info("answer_before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info(NEXT_STATE, TensorProto.FLOAT, None),
            helper.make_tensor_value_info(ANSWER, TensorProto.FLOAT, None),
        ],
    )
    whole = onnx.ModelProto()
    whole.CopyFrom(step)
    inputs = {value.name: value for value in step.graph.input if value.name != STEP}
    inputs[STATE].name = start
    [answer] = [value for value in step.graph.output if value.name == ANSWER]
    answer.name = output
    # No step reads the answer before it; the loop asks for a first one all the same, and gets what has its type.
    loop = helper.make_node("Loop", ["times", "", start, start], ["last_state", output], body=body)
    initializers = [*step.graph.initializer, numpy_helper.from_array(np.asarray(times), "times")]
    whole.graph.CopyFrom(helper.make_graph([loop], step.graph.name, list(inputs.values()), [answer], initializers))
    return whole
