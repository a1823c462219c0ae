"""Random models for the reasoning about sizes: stacks with merges that mostly fit.

A number is a model, always the same: ``python -m tests.reasoning.random_models 17`` prints one.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

#: Of every layer, so that merges agree.
CHANNELS = 4


def model(seed: int) -> str:
    """The text of a spec."""
    return _Writer(random.Random(seed)).model()


def _layer(kind: str, **fields: Any) -> str:
    """A layer in one line."""
    return (
        "{" + ", ".join(f"{key}: {value}" for key, value in {"type": kind, **fields}.items()) + "}"
    )


def _named(layer: str, **fields: Any) -> str:
    return layer[:-1] + "".join(f", {key}: {value}" for key, value in fields.items()) + "}"


class _Writer:
    """Writes one model; all choices come from ``self.random``."""

    def __init__(self, chance: random.Random) -> None:
        self.random = chance
        self.keras = chance.random() < 0.15
        self.rank = chance.choice([1, 1, 1, 2, 2])
        self.names: list[str] = []

    def model(self) -> str:
        chance = self.random
        lines = ["framework: keras"] if self.keras else []
        if not self.keras and chance.random() < 0.1:
            lines.append("rounding: ceil")
        own = chance.randint(12, 60)
        sizes = [own] * self.rank
        if chance.random() < 0.2:
            sizes = [chance.randint(12, 60) for _ in range(self.rank)]
        lines += self._head(sizes)
        shown = []
        for number in range(chance.randint(1, 6)):
            name = f"layer{number}"
            layer = _named(self._any(), name=name)
            if chance.random() < 0.12:
                layer = _named(layer, **{"from": chance.choice(self.names)})
            lines.append(f"  - {layer}")
            self.names.append(name)
            if chance.random() < 0.07:
                shown.append(name)
            if chance.random() < 0.12 and len(self.names) > 1:
                both = ", ".join(chance.sample(self.names, 2))
                lines.append(f"  - {{type: {chance.choice(['add', 'concat'])}, from: [{both}]}}")
        lines += self._tail(own)
        if shown and chance.random() < 0.5:
            lines.append(f"outputs: [{', '.join(shown)}]")
        return "\n".join(lines) + "\n"

    def _head(self, sizes: list[int]) -> list[str]:
        """The input, or two of them that are merged, and the first layers."""
        first = {
            "out_channels": CHANNELS,
            "kernel_size": 3,
            "padding": "same" if self.keras else 1,
        }
        kind = f"conv{self.rank}d"
        if self.random.random() < 0.85:
            self.names.append("first")
            return [
                f"input: {self._shape(sizes)}",
                "layers:",
                f"  - {_layer(kind, **first, name='first')}",
            ]
        factor = self.random.choice([1, 1, 2])
        stride = self.random.choice([1, 2])
        others = [factor * size for size in sizes]
        left = _layer(kind, **first, name="a", **{"from": "left"}, stride=stride)
        right = _layer(kind, **first, name="b", **{"from": "right"}, stride=stride * factor)
        if self.keras or self.random.random() < 0.7:
            merge = [f"  - {{type: {self.random.choice(['add', 'concat'])}, from: [a, b]}}"]
        else:
            merge = [
                "  - {type: center_crop, from: a, like: b}",
                "  - {type: add, from: [prev, b]}",
            ]
        self.names += ["a", "b"]
        inputs = f"inputs: {{left: {self._shape(sizes)}, right: {self._shape(others)}}}"
        return [inputs, "layers:", f"  - {left}", f"  - {right}", *merge]

    def _shape(self, sizes: list[int]) -> list[int]:
        return [*sizes, CHANNELS] if self.keras else [CHANNELS, *sizes]

    def _tail(self, own: int) -> list[str]:
        chance = self.random.random()
        if chance < 0.1:
            return ["  - flatten", "  - {type: linear, out_features: 2}"]
        if chance < 0.15:
            return ["  - flatten", "  - {type: reshape, shape: [2, -1]}"]
        if chance < 0.22 and not self.keras:
            choices = [
                _layer("layer_norm", normalized_shape=[own]),
                _layer("reshape", shape=[4, -1, 2]),
                _layer("linear", out_features=3),
                _layer("chunk", chunks=2, dim=2),
            ]
            if self.rank == 2:
                choices.append(_layer("unfold", kernel_size=2, stride=2))
            return [f"  - {self.random.choice(choices)}"]
        return []

    def _any(self, depth: int = 0) -> str:
        choices: list[Callable[[], str]] = [self._conv, self._pool, self._up, self._other]
        chance = self.random.random()
        if chance < 0.72:
            return self.random.choices(choices, [28, 17, 15, 12])[0]()
        return self._merge(depth)

    def _conv(self, **fixed: Any) -> str:
        chance = self.random
        fields: dict[str, Any] = {
            "out_channels": CHANNELS,
            "kernel_size": chance.choice([1, 2, 3, 3, 3, 4, 5, 7]),
            "stride": chance.choice([1, 1, 1, 2, 2, 3, 4]),
            "padding": chance.choice([0, 0, 1, 1, 2, 3]),
            "dilation": chance.choice([1, 1, 1, 1, 2, 3]),
        }
        if self.keras:
            fields["padding"] = chance.choice(["same", "valid"])
        elif chance.random() < 0.12:
            fields.update(padding="same", stride=1)
        elif self.rank == 1 and chance.random() < 0.1:
            fields["padding"] = [[chance.randint(0, 2), chance.randint(0, 3)]]
        elif self.rank == 2 and chance.random() < 0.1:
            fields["stride"] = [chance.randint(1, 3), chance.randint(1, 3)]
        fields.update(fixed)
        if self.keras and fields["stride"] != 1:
            fields["dilation"] = 1
        return _layer(f"conv{self.rank}d", **fields)

    def _pool(self) -> str:
        chance = self.random
        kernel = chance.choice([1, 2, 2, 2, 3, 3, 4, 5])
        kind = chance.choice(["max_pool", "max_pool", "avg_pool"])
        fields: dict[str, Any] = {"kernel_size": kernel}
        if chance.random() < 0.5:
            fields["stride"] = chance.randint(1, 4)
        if self.keras:
            fields["padding"] = chance.choice(["same", "valid"])
        else:
            if chance.random() < 0.4:
                fields["padding"] = chance.randint(0, kernel // 2)
            if chance.random() < 0.4:
                fields["ceil_mode"] = "true"
            if kind == "max_pool" and chance.random() < 0.15:
                fields["dilation"] = 2
        return _layer(f"{kind}{self.rank}d", **fields)

    def _up(self) -> str:
        chance = self.random
        if chance.random() < 0.45:
            factors = [2, 2, 3, 4] if self.keras else [2, 2, 2, 3, 4, 1.5, 0.5, 1.3]
            return _layer("upsample", scale_factor=chance.choice(factors))
        stride = chance.choice([1, 2, 2, 3])
        fields: dict[str, Any] = {"kernel_size": chance.randint(1, 5), "stride": stride}
        if self.keras:
            fields["padding"] = chance.choice(["same", "valid"])
        else:
            fields["padding"] = chance.choice([0, 0, 1, 1, 2])
            if stride > 1 and chance.random() < 0.5:
                fields["output_padding"] = chance.randint(0, stride - 1)
            if chance.random() < 0.15:
                fields["dilation"] = 2
        return _layer(f"conv_transpose{self.rank}d", out_channels=CHANNELS, **fields)

    def _other(self) -> str:
        chance, rank = self.random, self.rank
        if self.keras:
            pad = _layer(f"zero_padding{rank}d", padding=chance.randint(1, 2))
            return chance.choice([_layer("relu"), _layer("batch_norm"), pad])
        choices = [
            _layer("relu"),
            _layer(f"batch_norm{rank}d"),
            _layer(f"reflection_pad{rank}d", padding=chance.randint(1, 3)),
            _layer(f"replication_pad{rank}d", padding=chance.randint(1, 3)),
            _layer(f"circular_pad{rank}d", padding=chance.randint(1, 3)),
            _layer(f"zero_pad{rank}d", padding=chance.choice([1, 2, -1, -2])),
            _layer("slice", dim=rank + 1, start=chance.randint(0, 2), step=chance.randint(1, 3)),
            _layer("slice", dim=2, start=chance.randint(0, 2), end=chance.choice([-2, -1, 5, 20])),
            _layer("center_crop", size=chance.randint(1, 12)),
            _layer(f"adaptive_avg_pool{rank}d", output_size=chance.randint(1, 6)),
        ]
        if rank == 2:
            choices += [
                _layer("pixel_unshuffle", downscale_factor=2),
                _layer("pixel_shuffle", upscale_factor=2),
                _layer("max_pool2d", kernel_size=[1, 2]),
                _layer("transpose", dim0=2, dim1=3),
                _layer("upsample", size=chance.randint(4, 20)),
            ]
        return chance.choice(choices)

    def _keep(self) -> str:
        """A layer that keeps every size."""
        kernel = self.random.choice([1, 3, 5])
        kind = f"conv{self.rank}d"
        if self.keras:
            return _layer(kind, out_channels=CHANNELS, kernel_size=kernel, padding="same")
        return self.random.choice(
            [
                _layer(kind, out_channels=CHANNELS, kernel_size=kernel, padding=kernel // 2),
                _layer(f"max_pool{self.rank}d", kernel_size=3, stride=1, padding=1),
                _layer("relu"),
            ]
        )

    def _merge(self, depth: int) -> str:
        chance = self.random
        turn = chance.random()
        if depth > 2:
            return self._keep()
        if turn < 0.4:
            return self._skip(depth)
        if turn < 0.55:
            stride = chance.choice([1, 2, 2, 3])
            branches = [self._conv(stride=stride), self._conv(stride=stride)]
            return self._parallel("concat", branches)
        if turn < 0.65:
            body = ", ".join(self._keep() for _ in range(chance.randint(1, 3)))
            return _layer("residual", body=f"[{body}]")
        if turn < 0.85:
            branches = [
                ", ".join(self._any(depth + 1) for _ in range(chance.randint(0, 3)))
                for _ in range(2)
            ]
            return self._parallel(chance.choice(["concat", "add"]), branches)
        if not self.keras and depth == 0:
            kind = chance.choice(["center_crop", "upsample"])
            return _layer(kind, like=chance.choice(self.names))
        return self._keep()

    def _parallel(self, merge: str, branches: list[str]) -> str:
        return _layer("parallel", merge=merge, branches=f"[[{'], ['.join(branches)}]]")

    def _skip(self, depth: int) -> str:
        """Down and up again beside what stays as it is, as in a U-Net."""
        side = _layer("relu") if self.random.random() < 0.5 else self._keep()
        down_and_up = ", ".join(self._down_and_up(depth))
        return self._parallel(self.random.choice(["concat", "add"]), [side, down_and_up])

    def _down_and_up(self, depth: int) -> list[str]:
        chance = self.random
        factor = chance.choice([2, 2, 2, 3, 4])
        between = [
            self._keep() if depth > 1 or chance.random() < 0.5 else self._skip(depth + 1)
            for _ in range(chance.randint(0, 2))
        ]
        return [self._down(factor), *between, self._back(factor)]

    def _down(self, factor: int) -> str:
        chance = self.random
        pool, conv = f"max_pool{self.rank}d", f"conv{self.rank}d"
        ends = chance.choice(["same", "valid"])
        more = {"out_channels": CHANNELS, "stride": factor}
        if self.keras:
            return chance.choice(
                [
                    _layer(pool, kernel_size=factor, padding=ends),
                    _layer(conv, kernel_size=chance.randint(1, 5), padding="same", **more),
                ]
            )
        return chance.choice(
            [
                _layer(pool, kernel_size=factor, ceil_mode=chance.choice(["true", "false"])),
                _layer(conv, kernel_size=factor + 2, padding=1, **more),
                _layer(conv, kernel_size=3, padding=1, **more),
                _layer(conv, kernel_size=factor, **more),
            ]
        )

    def _back(self, factor: int) -> str:
        chance = self.random
        kind = f"conv_transpose{self.rank}d"
        more = {"out_channels": CHANNELS, "stride": factor}
        choices = [_layer("upsample", scale_factor=factor)]
        if self.keras:
            choices.append(_layer(kind, kernel_size=chance.randint(1, 4), padding="same", **more))
        else:
            extra = chance.randint(0, factor - 1)
            choices += [
                _layer(kind, kernel_size=factor, **more),
                _layer(kind, kernel_size=3, padding=1, output_padding=extra, **more),
                _layer(kind, kernel_size=factor + 2, padding=1, **more),
            ]
        return chance.choice(choices)


if __name__ == "__main__":
    sys.stdout.write(model(int(sys.argv[1])))
