"""The network: a light encoder-decoder that answers one alpha matte for one photo."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["MattingNet", "count_parameters"]

STRIDE = 32
"""Height and width of the input must be multiples of this."""

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_ENCODER = (16, 24, 40, 80, 144)
_DECODER = (16, 24, 48, 80)


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation and, when asked, a ReLU.

    Parameters
    ----------
    before, after : int
        Channels in and out.
    size : int
        Side of the kernel, odd.
    stride, groups, dilation : int
        As in ``torch.nn.Conv2d``.
    active : bool
        Whether a ReLU follows.
    """

    def __init__(
        self,
        before: int,
        after: int,
        size: int = 3,
        *,
        stride: int = 1,
        groups: int = 1,
        dilation: int = 1,
        active: bool = True,
    ) -> None:
        conv = nn.Conv2d(
            before,
            after,
            size,
            stride,
            padding=dilation * (size // 2),
            dilation=dilation,
            groups=groups,
            bias=False,
        )
        layers: list[nn.Module] = [conv, nn.BatchNorm2d(after, momentum=0.03)]
        if active:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


class SqueezeExcite(nn.Module):
    """Channel weights from the global mean (Hu et al. 2018)."""

    def __init__(self, channels: int, reduced: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, reduced, 1)
        self.expand = nn.Conv2d(reduced, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Scale ``(N, C, H, W)`` channel by channel."""
        mean = features.mean((2, 3), keepdim=True)
        weights = self.expand(functional.relu(self.reduce(mean)))
        return features * functional.hardsigmoid(weights)


class FusedBlock(nn.Module):
    """Dense 3 x 3 expansion and 1 x 1 projection: quick on few channels.

    Source: the fused inverted residual of EfficientNetV2 (Tan and Le 2021).
    """

    def __init__(
        self, before: int, after: int, *, expand: int = 2, stride: int = 1
    ) -> None:
        super().__init__()
        self.residual = stride == 1 and before == after
        self.body = nn.Sequential(
            ConvNorm(before, before * expand, stride=stride),
            ConvNorm(before * expand, after, 1, active=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(N, before, H, W)`` to ``(N, after, H / stride, W / stride)``."""
        answer: Tensor = self.body(features)
        return features + answer if self.residual else answer


class InvertedBlock(nn.Module):
    """Inverted residual with a depthwise kernel and squeeze-excite.

    Source: MobileNetV3 (Howard et al. 2019), with ReLU for the sake of plain ops.
    """

    def __init__(
        self,
        before: int,
        after: int,
        *,
        size: int = 5,
        expand: int = 4,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        wide = before * expand
        self.residual = stride == 1 and before == after
        self.body = nn.Sequential(
            ConvNorm(before, wide, 1),
            ConvNorm(wide, wide, size, stride=stride, groups=wide, dilation=dilation),
            SqueezeExcite(wide, before // 2),
            ConvNorm(wide, after, 1, active=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(N, before, H, W)`` to ``(N, after, H / stride, W / stride)``."""
        answer: Tensor = self.body(features)
        return features + answer if self.residual else answer


class Merge(nn.Module):
    """One rung of the decoder: coarse features brought up, skip added, mixed."""

    def __init__(self, coarse: int, skip: int, after: int, *, dense: bool) -> None:
        super().__init__()
        self.lower = ConvNorm(coarse, after, 1, active=False)
        self.lateral = ConvNorm(skip, after, 1, active=False)
        self.mix = (
            ConvNorm(after, after)
            if dense
            else InvertedBlock(after, after, size=5, expand=2)
        )

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """Return features of the size of ``skip``."""
        raised = functional.interpolate(
            self.lower(coarse), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        answer: Tensor = self.mix(functional.relu(raised + self.lateral(skip)))
        return answer


class MattingNet(nn.Module):
    """Encoder to stride 32, wide context, decoder back to stride 2, subpixel head.

    Notes
    -----
    Input: RGB, float, 0 to 1, ``(N, 3, H, W)``, sides multiples of 32; the ImageNet
    mean and deviation are applied inside. Output: logits; ``sigmoid`` gives alpha.

    Examples
    --------
    >>> import torch
    >>> network = MattingNet().eval()
    >>> [tuple(logits.shape) for logits in network(torch.zeros(1, 3, 64, 64))]
    [(1, 1, 64, 64), (1, 1, 16, 16), (1, 1, 8, 8), (1, 1, 4, 4)]
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, deep, deepest = _ENCODER
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(_DEVIATION).view(1, 3, 1, 1))
        self.stride2 = ConvNorm(3, half, stride=2)
        self.stride4 = nn.Sequential(
            FusedBlock(half, quarter, stride=2), FusedBlock(quarter, quarter)
        )
        self.stride8 = nn.Sequential(
            FusedBlock(quarter, eighth, stride=2, expand=3),
            FusedBlock(eighth, eighth, expand=3),
        )
        self.stride16 = nn.Sequential(
            InvertedBlock(eighth, deep, stride=2),
            InvertedBlock(deep, deep, expand=3),
            InvertedBlock(deep, deep, expand=3),
            InvertedBlock(deep, deep, expand=3, dilation=2),
        )
        self.stride32 = nn.Sequential(
            InvertedBlock(deep, deepest, stride=2),
            InvertedBlock(deepest, deepest, expand=3),
            InvertedBlock(deepest, deepest, expand=3, size=7),
            InvertedBlock(deepest, deepest, expand=3, size=7),
        )
        self.merges = nn.ModuleList(
            Merge(coarse, skip, after, dense=after < _DECODER[2])
            for coarse, skip, after in (
                (deepest, deep, _DECODER[3]),
                (_DECODER[3], eighth, _DECODER[2]),
                (_DECODER[2], quarter, _DECODER[1]),
                (_DECODER[1], half, _DECODER[0]),
            )
        )
        self.head = nn.Conv2d(_DECODER[0], 4, 3, padding=1)
        self.side_heads = nn.ModuleList(
            nn.Conv2d(channels, 1, 1) for channels in _DECODER[1:]
        )

    def encode(self, photos: Tensor) -> list[Tensor]:
        """Return features at strides 2, 4, 8, 16 and 32."""
        features = [self.stride2((photos - self.mean) / self.deviation)]
        for stage in (self.stride4, self.stride8, self.stride16, self.stride32):
            features.append(stage(features[-1]))
        return features

    def decode(self, features: list[Tensor]) -> list[Tensor]:
        """Return decoder features from fine to coarse: strides 2, 4, 8, 16."""
        *skips, state = features
        answers: list[Tensor] = []
        for merge, skip in zip(self.merges, reversed(skips), strict=True):
            state = merge(state, skip)
            answers.insert(0, state)
        return answers

    def forward(self, photos: Tensor) -> list[Tensor]:
        """Return logits at stride 1 and, for training, at strides 4, 8 and 16."""
        fine, *coarse = self.decode(self.encode(photos))
        sides = zip(self.side_heads, coarse, strict=True)
        return [
            functional.pixel_shuffle(self.head(fine), 2),
            *(head(features) for head, features in sides),
        ]

    def matte(self, photos: Tensor) -> Tensor:
        """Return alpha, ``(N, 1, H, W)`` in [0, 1]."""
        fine = self.decode(self.encode(photos))[0]
        return torch.sigmoid(functional.pixel_shuffle(self.head(fine), 2))


def count_parameters(network: nn.Module) -> int:
    """Return the number of trained values.

    Examples
    --------
    >>> import torch
    >>> count_parameters(torch.nn.Linear(3, 2))
    8
    """
    return sum(values.numel() for values in network.parameters())
