"""Write averaged weights as ONNX: ``python -m training.export OUT.onnx``."""

from __future__ import annotations

import argparse
import copy
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.model import MattingNet
from training.weights import load_half

__all__ = ["export", "fold_norms", "store_half"]

SIDE = 256
OPSET = 17

_KEPT = Path(__file__).parent / "checkpoints" / "matting-ema-fp16.npz"
_SMALL = 64


class Answer(nn.Module):
    """The network as others run it: photograph in, alpha out.

    The photograph is looked at twice, the second time mirrored, and the mean of both is
    the answer: .007 to .009 more IoU on held-out pictures for twice the time.
    """

    def __init__(self, network: MattingNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, photo: Tensor) -> Tensor:
        """Map RGB ``(1, 3, S, S)`` in [0, 1] to alpha ``(1, 1, S, S)``."""
        straight, mirrored = self.network.matte(
            torch.cat([photo, photo.flip(3)])
        ).split(1)
        return (straight + mirrored.flip(3)) / 2


def fold_norms(network: nn.Module) -> nn.Module:
    """Return a copy with every batch normalisation folded into its convolution."""
    folded = copy.deepcopy(network).eval()
    for block in folded.modules():
        if isinstance(block, nn.Sequential):
            _fold_pairs(block)
    return folded


def _fold_pairs(block: nn.Sequential) -> None:
    for place in range(len(block) - 1):
        conv, norm = block[place], block[place + 1]
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            block[place] = fuse_conv_bn_eval(conv, norm)
            block[place + 1] = nn.Identity()


def store_half(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Return the graph with its large constants kept as float16.

    A ``Cast`` brings each back to float32; runtimes fold it on loading, so the
    arithmetic stays in float32 and only the file is half as large.
    """
    kept, casts = [], []
    for constant in graph.graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size < _SMALL:
            kept.append(constant)
            continue
        name = constant.name + "_half"
        kept.append(numpy_helper.from_array(values.astype(np.float16), name))
        cast = helper.make_node("Cast", [name], [constant.name], to=TensorProto.FLOAT)
        casts.append(cast)
    nodes = [*casts, *graph.graph.node]
    del graph.graph.initializer[:], graph.graph.node[:]
    graph.graph.initializer.extend(kept)
    graph.graph.node.extend(nodes)
    onnx.checker.check_model(graph)
    return graph


def export(network: MattingNet, path: Path, *, half: bool = True) -> float:
    """Write ``path`` and return the largest difference from the network, 0 to 1.

    Parameters
    ----------
    network : MattingNet
    path : Path
        Input ``photo`` 1 x 3 x 256 x 256 RGB in [0, 1]; output ``alpha`` in [0, 1].
    half : bool
        Whether weights are kept as float16: ``benchmarks/engines.py --float32`` tells
        what that changes.
    """
    answer = Answer(network).eval()
    photo = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            fold_norms(answer),
            (photo,),
            path,
            input_names=["photo"],
            output_names=["alpha"],
            opset_version=OPSET,
            dynamo=False,
        )
    if half:
        onnx.save(store_half(onnx.load(path)), path)
    runner = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = runner.run(None, {"photo": photo.numpy()})
    with torch.no_grad():
        wanted = answer(photo).numpy()
    return float(np.abs(np.asarray(given) - wanted).max())


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", type=Path, default=_KEPT)
    parser.add_argument(
        "--float32",
        type=Path,
        metavar="CHECKPOINT",
        help="runs/checkpoint.pt: its averaged weights, not rounded",
    )
    options = parser.parse_args()
    network = MattingNet()
    if options.float32:
        state = torch.load(options.float32, map_location="cpu", weights_only=True)
        network.load_state_dict(state["average"])
    else:
        load_half(options.weights, network)
    difference = export(network, options.out, half=options.float32 is None)
    size = options.out.stat().st_size
    sys.stdout.write(f"{size} bytes, largest difference {difference:.5f}\n")


if __name__ == "__main__":
    main()
