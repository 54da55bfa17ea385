"""Writes runners/onnx/iq-grids.ts: the tables of values that GGUF's IQ types name by index, out of the `gguf` package.

Needs: pip install gguf numpy. Run from the repository root: python3 test/reference/iq-grids.py
"""
import base64
import importlib.metadata

import gguf.quants as quants
import numpy as np

HEAD = '''/**
 * The value tables of GGUF's IQ types: constants of the format itself (ggml-common.h, MIT), written by test/reference/iq-grids.py from the gguf package {version}.
 * Base64 of indices into the type's levels, 2 bits each (3 bits where there are eight levels), the lowest first.
 */
'''


def packed(grid: np.ndarray, levels: tuple, width: int) -> str:
    where = {level: i for i, level in enumerate(levels)}
    indices = np.array([where[int(v)] for v in grid.reshape(-1)], dtype=np.uint8)
    bits = ((indices[:, None] >> np.arange(width)) & 1).reshape(-1)
    return base64.b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()


def main() -> None:
    lines = [HEAD.format(version=importlib.metadata.version("gguf"))]
    for name in ("IQ1_S", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S"):
        kind = getattr(quants, name)
        kind.init_grid()
        text = packed(kind.grid, kind.grid_map, 2 if len(kind.grid_map) == 3 else 3)
        lines.append(f"export const {name.lower().replace('_', '')} =\n  '{text}';\n")
    with open("runners/onnx/iq-grids.ts", "w") as out:
        out.write("".join(lines))


main()
