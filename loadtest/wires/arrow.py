"""Arrow IPC streams both ways: one column of fixed-size lists per array, other fields in the schema's metadata."""

from __future__ import annotations

from functools import partial

import numpy as np
import orjson
import pyarrow as pa

from loadtest.wire import Array, Message, Wire

ARROW = "application/vnd.apache.arrow.stream"
METADATA = "seriesmith"


def make_arrow(path: str, **fields: str) -> Wire:
    """`series` is a column of lists of n_channels x n_timepoints values."""
    return Wire("Arrow", path, partial(_write_request, fields), _read_answer)


def _write_request(fields: dict[str, str], series: Array) -> Message:
    column = pa.FixedSizeListArray.from_arrays(pa.array(series.reshape(-1)), int(np.prod(series.shape[1:])))
    schema = pa.schema([pa.field("series", column.type)], metadata={METADATA: orjson.dumps(fields)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(pa.record_batch([column], schema=schema))
    return Message({"content-type": ARROW, "accept": ARROW}, sink.getvalue().to_pybytes())


def _read_answer(answer: Message) -> Array:
    table = pa.ipc.open_stream(answer.body).read_all()
    column = table.column("probabilities").combine_chunks()
    values: Array = column.flatten().to_numpy().astype(np.float32).reshape(len(table), -1)
    return values
