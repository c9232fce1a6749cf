"""Arrays in files: the same arrays give the same bytes, in any process."""

import numpy as np

from cuspworld.arrays import read_arrays, write_arrays


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    """The header's texts are kept in a table whose order changes from one writing to the next."""
    header = {f"name {k}": f'"Δ{k}\n' for k in range(8)}
    arrays = {"b": np.arange(6.0).reshape(2, 3), "a": np.zeros(0, np.int32), "é": np.ones(3, np.uint8)}
    for k in range(6):
        write_arrays(tmp_path / f"{k}.safetensors", arrays, header)
    assert len({(tmp_path / f"{k}.safetensors").read_bytes() for k in range(6)}) == 1
    back, told = read_arrays(tmp_path / "0.safetensors", "write it again")
    assert told == header and all(np.array_equal(back[name], arrays[name]) for name in arrays)
