"""The steps down the gradient: AdamW, and Muon for matrices, in shares that each core takes for itself."""

import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn

from heedful.train.plan import Plan
from heedful.train.shares import held, share, whole

BLOCK = re.compile(r"\.blocks\.(\d+)\.")
SAFETY = 1.01
POLYNOMIALS = (  # a, b, c of a x + b x^3 + c x^5, the best three for x from 0.01 to 1 (Amsel et al. 2025)
    (8.09337259774, -23.6204497337, 17.4461670305),
    (3.63658565751, -2.72192696785, 0.536546350033),
    (2.66129956656, -1.97715418258, 0.452616372645),
)


def orthogonal(x: Tensor) -> Tensor:
    """Return about U V^T of x = U S V^T (m, n), by products alone (Jordan et al. 2024; Amsel et al. 2025).

    Values of S from 0.01 of the length of x on come to 0.73 to 1.27; five polynomials take longer than
    their closer values are worth.
    """
    wide = x if x.shape[0] <= x.shape[1] else x.T
    wide = wide / (wide.norm() * SAFETY + 1e-7)
    for a, b, c in POLYNOMIALS:
        square = wide @ wide.T
        bent = torch.addmm(square, square, square, beta=b / SAFETY**3, alpha=c / SAFETY**5)
        wide = torch.addmm(wide, bent, wide, beta=a / SAFETY)
    return wide if x.shape[0] <= x.shape[1] else wide.T


class Muon(torch.optim.Optimizer):
    """Momentum whose every step is made orthogonal, for matrices (m, n) (Jordan et al. 2024)."""

    def __init__(self, groups: Iterable[dict[str, Any]], momentum: float = 0.95) -> None:
        super().__init__(groups, {"lr": 0.0, "momentum": momentum, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Go down by lr sqrt(max(1, m / n)) in every direction, after decay by lr * weight_decay."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                ahead = parameter.grad.lerp(state["momentum"], group["momentum"])
                scale = max(1.0, parameter.shape[0] / parameter.shape[1]) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(share(orthogonal(whole(ahead)), parameter), alpha=-group["lr"] * scale)


def place(name: str) -> int:
    """Return how far from the input a parameter stands: -1 at it, the number of its block, or beyond all."""
    found = BLOCK.search(name)
    return int(found.group(1)) if found else -1 if ".input." in name or ".places." in name else sys.maxsize


def settings(name: str, parameter: Tensor, plan: Plan, depth: int) -> tuple[bool, float, float]:
    """Return for one parameter: is it Muon's, its peak rate, its decay (vectors do not decay)."""
    matrix = plan.optimizer == "muon" and 0 <= place(name) < depth and parameter.ndim == 2
    below = max(0, depth - 1 - place(name))
    peak = (plan.matrix_rate if matrix else plan.rate) * plan.layer_decay**below
    return matrix, peak, plan.weight_decay if parameter.ndim > 1 else 0.0


def depth_of(module: nn.Module) -> int:
    """Return the number of blocks."""
    places = (place(name) for name, _ in module.named_parameters())
    return max((one + 1 for one in places if one < sys.maxsize), default=0)


class Share:
    """Some of the parameters, with the optimisers that move them."""

    def __init__(self, named: Sequence[tuple[str, nn.Parameter]], plan: Plan, depth: int) -> None:
        self.names = {parameter: name for name, parameter in named}
        kinds: dict[tuple[bool, float, float], list[nn.Parameter]] = {}
        for name, parameter in named:
            kinds.setdefault(settings(name, parameter, plan, depth), []).append(parameter)
        groups: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for (matrix, peak, decay), members in kinds.items():
            groups[matrix].append({"params": members, "peak": peak, "lr": peak, "weight_decay": decay})
        self.optimizers: list[torch.optim.Optimizer] = [Muon(groups[True])] if groups[True] else []
        if groups[False]:
            self.optimizers.append(torch.optim.AdamW(groups[False], betas=plan.betas, fused=True))

    def step(self, factor: float) -> None:
        """Move every parameter at `factor` of its peak rate, and drop its gradient."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Tensor]:
        """Return what the optimisers remember: `parameter.name/momentum`, ..."""
        return {
            f"{self.names[parameter]}/{key}": torch.as_tensor(value)
            for optimizer in self.optimizers
            for parameter in self.names
            for key, value in optimizer.state.get(parameter, {}).items()
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Put back what `state` returned, of these parameters."""
        for optimizer in self.optimizers:
            for parameter in (one for group in optimizer.param_groups for one in group["params"]):
                prefix = f"{self.names[parameter]}/"
                kept = {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}
                if kept:
                    optimizer.state[parameter] = {
                        key: share(value, parameter).clone() if value.ndim else value.clone()
                        for key, value in kept.items()
                    }


class Optimizers:
    """All parameters of a module in about equal shares, so that each thread can move its own."""

    def __init__(self, module: nn.Module, plan: Plan, shares: int) -> None:
        self.clip = plan.clip
        named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        self.parameters = [parameter for _, parameter in named]
        divided: list[list[tuple[str, nn.Parameter]]] = [[] for _ in range(max(1, min(shares, len(named))))]
        for name, parameter in sorted(named, key=lambda pair: -pair[1].numel()):
            min(divided, key=lambda one: sum(p.numel() for _, p in one)).append((name, parameter))
        depth = depth_of(module)
        self.shares = [Share(part, plan, depth) for part in divided]

    def square(self, threads: ThreadPoolExecutor) -> float:
        """Return the squared length of what this process holds of the gradient."""

        def length(parameter: nn.Parameter) -> float:
            return 0.0 if parameter.grad is None else float(held(parameter.grad).norm())

        return sum(one**2 for one in threads.map(length, self.parameters))

    def step(
        self, factor: float, count: float, threads: ThreadPoolExecutor,
        over_shares: Callable[[float], float] = float,
    ) -> float:  # fmt: skip
        """Divide the gradient by `count`, shorten it to `clip`, step; return the length it had.

        `over_shares` makes one squared length of those of all shares.
        """
        norm = math.sqrt(over_shares(self.square(threads))) / count
        scale = min(1.0, self.clip / (norm + 1e-6)) / count

        def move(part: Share) -> None:
            for parameter in part.names:
                if parameter.grad is not None:
                    parameter.grad.mul_(scale)
            part.step(factor)

        list(threads.map(move, self.shares))
        return norm

    def state(self) -> dict[str, Tensor]:
        """Return what all optimisers remember, by the parameters' names."""
        return {key: value for part in self.shares for key, value in part.state().items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Put it back; the number of shares may be another one."""
        for part in self.shares:
            part.restore(state)
