"""Python's side of the exchange of run directories; see run.sh.

read FOLDER: checks our files against the values in FOLDER/expected.json.
write FOLDER: writes telemetry and tensors with Python's libraries, and their values as JSON.
example PAGE RUN: runs the Python of a documentation page on a run directory.
"""

import json
import math
import os
import re
import sys

import numpy as np
import pyarrow as pa
from safetensors import safe_open
from safetensors.numpy import load_file, save_file


def same(found, expected, place):
    """Exact equality; numbers that JSON cannot hold stand as text in what is expected."""
    if isinstance(expected, str) and isinstance(found, float):
        expected = float(expected.replace("Infinity", "inf"))
    if isinstance(expected, list):
        assert len(found) == len(expected), f"{place}: {len(found)} values, not {len(expected)}"
        for i, (a, b) in enumerate(zip(found, expected)):
            same(a, b, f"{place}[{i}]")
    elif isinstance(expected, float) and math.isnan(expected):
        assert math.isnan(found), f"{place}: {found}, not NaN"
    else:
        assert found == expected, f"{place}: {found}, not {expected}"


def same_rows(rows, expected):
    assert len(rows) == len(expected), f"{len(rows)} rows, not {len(expected)}"
    for row, wanted in zip(rows, expected):
        assert list(row) == list(wanted), f"columns {list(row)}, not {list(wanted)}"
        for name in wanted:
            same(row[name], wanted[name], f"step {row['step']}, {name}")


def read(folder):
    with open(os.path.join(folder, "expected.json")) as file:
        expected = json.load(file)
    with pa.ipc.open_stream(os.path.join(folder, "run", "telemetry.arrows")) as reader:
        schema = reader.schema
        table = reader.read_all()
    table.validate(full=True)
    assert schema.metadata == {b"sigmascope.format": b"1", b"sigmascope.run": b"interop"}, schema.metadata
    assert schema.field("step").type == pa.int32() and not schema.field("step").nullable
    assert schema.field("loss").type == pa.float64()
    assert schema.field("parameter.head.b.updateRatio").nullable
    norms = schema.field("layer.0.gradientNorm.p50")
    assert pa.types.is_list(norms.type) and norms.type.value_type == pa.float32() and not norms.nullable
    same_rows(table.to_pylist(), expected)

    # A run that is still going has no end mark: a reader gets all batches, then the end.
    with pa.ipc.open_stream(os.path.join(folder, "running.arrows")) as reader:
        same_rows(reader.read_all().to_pylist(), expected[:5])

    # Cut in the last batch: the batches before it are whole.
    batches = []
    with pa.ipc.open_stream(os.path.join(folder, "killed.arrows")) as reader:
        try:
            for batch in reader:
                batches.append(batch)
        except (pa.ArrowInvalid, OSError):
            pass
    assert [batch.num_rows for batch in batches] == [5], batches

    path = os.path.join(folder, "run", "checkpoints", "step-0000006.safetensors")
    tensors = load_file(path)
    assert sorted(tensors) == ["head.b", "layers.0.W", "optimizer.t.head.b"], sorted(tensors)
    assert np.array_equal(tensors["layers.0.W"], np.arange(1, 7, dtype=np.float32).reshape(2, 3))
    assert tensors["optimizer.t.head.b"].shape == () and tensors["optimizer.t.head.b"] == 6
    assert all(tensor.dtype == np.float32 for tensor in tensors.values())
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    assert metadata["format"] == "sigmascope.checkpoint" and metadata["step"] == "6", metadata
    assert json.loads(metadata["spec"])["cell"] == "lstm"
    print(f"Python read {len(expected)} rows and {len(tensors)} tensors")


def write(folder):
    os.makedirs(folder)
    lists = pa.list_(pa.float32())
    columns = {
        "step": (pa.int64(), [1, 2, 3]),
        "time": (pa.float64(), [0.5, 1.0, 1.5]),
        "loss": (pa.float32(), [0.5, 0.25, 0.125]),
        "metric": (pa.float64(), [0.1, float("nan"), 0.3]),
        "learningRate": (pa.float64(), [0.001, 0.001, 0.0005]),
        "gradientNorm": (pa.float64(), [1.0, 2.0, float("inf")]),
        "clippedGradientNorm": (pa.float64(), [1.0, 1.0, 1.0]),
        "parameter.rnn.weight_hh_l0.gradientNorm": (pa.float64(), [1.0, None, 3.0]),
        "parameter.rnn.weight_hh_l0.updateRatio": (pa.float64(), [0.1, None, 0.3]),
        "layer.0.gradientNorm.p10": (lists, [[1.0, 2.0], [3.0], []]),
        "layer.0.gradientNorm.p50": (pa.list_(pa.float64()), [[1.5, 2.5], [3.5], []]),
        "layer.0.gradientNorm.p90": (pa.list_(pa.float32(), 2), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        "layer.0.saturation": (lists, [[0.0, 0.5], [0.25], []]),
        "layer.0.singularValues.W": (lists, [[1.5, 0.5], None, [2.0, 0.25]]),
        "layer.0.halfLife": (pa.float64(), [4.5, float("-inf"), 6.0]),
        "layer.0.reach": (pa.int32(), [2, 1, 0]),
    }
    schema = pa.schema([(name, kind) for name, (kind, _) in columns.items()])
    arrays = [pa.array(values, kind) for kind, values in columns.values()]
    table = pa.table(arrays, schema=schema)
    with pa.ipc.new_stream(os.path.join(folder, "telemetry.arrows"), schema) as writer:
        writer.write_table(table.slice(0, 2))
        writer.write_table(table.slice(2))
    tensors = {
        "half": np.array([[1.0, -2.5], [65504.0, 2.0**-24]], dtype=np.float16),
        "single": np.array([0.5, 0.25, -0.125], dtype=np.float32),
        "double": np.array([[0.1]], dtype=np.float64),
        "count": np.array(7, dtype=np.int64),
        "mask": np.array([True, False, True]),
        "empty": np.zeros((0, 3), dtype=np.float32),
    }
    metadata = {"format": "np", "note": "ümlaut"}
    save_file(tensors, os.path.join(folder, "tensors.safetensors"), metadata)
    rows = [{name: number(values[i]) for name, (_, values) in columns.items()} for i in range(3)]
    described = {
        name: {"shape": list(tensor.shape), "values": [number(value) for value in tensor.ravel().astype(float)]}
        for name, tensor in tensors.items()
    }
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump({"rows": rows, "tensors": described, "metadata": metadata}, file)


def number(value):
    """A value as JSON can hold it; floats of whole numbers as integers are, as JavaScript writes them."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return value


def example(page, run):
    with open(page) as file:
        blocks = re.findall(r"^```python\n(.*?)^```", file.read(), re.DOTALL | re.MULTILINE)
    assert blocks, f"{page} has no Python example"
    os.chdir(run)
    for block in blocks:
        exec(compile(block, page, "exec"), {})


if __name__ == "__main__":
    action, *arguments = sys.argv[1:]
    {"read": read, "write": write, "example": example}[action](*arguments)
