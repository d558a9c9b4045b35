"""Committees of forecasters that learn one series, and how their settings are chosen on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from course_lib import batching
from experiments.forecasting.rivals import Linear, relative_error
from experiments.forecasting.views import View, kinds_for

SHORT = 2000  # numbers: below that, a committee of five, and fewer updates
BATCH, LENGTH = 32, 48


@dataclass(frozen=True)
class Settings:
    """Of a committee, each member an LSTM. beside: it learns what this autoregression leaves over."""

    kind: str = "as they are"
    beside: Linear | None = None
    units: int = 16
    updates: int = 100
    noise: float = 0.1
    learning_rate: float = 1e-2
    length: int = LENGTH
    members: int = 5

    def view(self, known: np.ndarray, ahead: int) -> View:
        """How its members see numbers."""
        return View(self.kind, known, ahead, self.beside)

    def __str__(self):
        beside = f", beside the linear one of {self.beside.lags} lags" if self.beside else ""
        return (
            f"{self.kind}{beside}, {self.units} units, {self.updates} updates at rate {self.learning_rate:g}, noise "
            f"{self.noise:g}, windows of {self.length}, a committee of {self.members}"
        )


def start(fit: int, ahead: int, period: int | None) -> Settings:
    """The settings to begin the search with: windows hold two periods where that fits."""
    length = min(max(LENGTH, 2 * (period or 0)), 160, fit // 3, fit - ahead)
    return Settings(length=length) if fit < SHORT else Settings(length=length, updates=600, noise=0.0, members=3)


def together(said: np.ndarray) -> np.ndarray:
    """What members say (M, ..., 2) -> mean and log standard deviation of all that they say in equal parts: (..., 2)."""
    mean = said[..., 0].mean(axis=0)
    variance = (np.exp(2 * said[..., 1]) + (said[..., 0] - mean) ** 2).mean(axis=0)
    return np.stack([mean, 0.5 * np.log(variance)], axis=-1)


def train(settings: Settings, view: View, known: np.ndarray, seed: int) -> list:
    """Train the members of a committee on numbers (N,); each has a seed of its own."""
    from course_lib import training

    read, targets = view.inputs(known), view.targets(known)[..., None]
    trained, members = _network(settings, view), []
    training.compile_for_training(
        trained, settings.updates, settings.learning_rate, settings.updates // 10, loss=training.gaussian_loss
    )
    for own in range(1000 * seed, 1000 * seed + settings.members):
        training.set_seed(own)
        member = _network(settings, view)
        trained.set_weights(
            member.get_weights()
        )  # one network is compiled for all, which takes longer than to train it
        for variable in trained.optimizer.variables:
            variable.assign(variable * 0)
        batches = batching.window_batches(read, targets, settings.length, BATCH, own, settings.noise)
        training.fit(trained, batches, settings.updates, f"forecaster {len(members) + 1} of {settings.members}")
        member.set_weights(trained.get_weights())
        members.append(member)
    return members


def _network(settings, view):
    from course_lib.backend import keras
    from course_lib.models.forecaster import forecaster

    network = forecaster(1 + view.gaps, view.ahead, settings.units)
    # Of two columns that are read the second is where a gap is: forecasts are of the first.
    return keras.Model(network.input, network.output[:, :, :, :1]) if view.gaps else network


def said(members: list, view: View, numbers: np.ndarray, length: int, begin: int = 0) -> np.ndarray:
    """What a committee says after each number from `begin` on, having read the `length` up to it: (N, K, 2).

    Before that, and where fewer have come, nothing: means 0, standard deviations 1.
    """
    from course_lib import training

    read = view.inputs(numbers).astype(np.float32)
    begin, result = max(begin, length - 1), np.zeros((len(numbers), view.ahead, 2))
    windows = np.lib.stride_tricks.sliding_window_view(read, length, axis=0)[begin - length + 1 :]  # (n, D, length)
    windows = np.ascontiguousarray(windows.swapaxes(1, 2))
    each = np.stack([training.logits(network, windows)[:, -1, :, 0] for network in members]).astype(float)
    result[begin:] = together(each)
    return result


def search(settings: Settings) -> Iterator[Callable[[Settings], list[Settings]]]:
    """One setting after the other: for the best so far, what to try beside it."""
    more = settings.updates
    for name, values in (("noise", (0.0, 0.3)), ("updates", (more // 2, more * 2)), ("units", (8, 32))):
        yield lambda best, name=name, values=values: [replace(best, **{name: value}) for value in values]


def chosen_network(
    known: np.ndarray,
    fit: int,
    ahead: int,
    period: int | None,
    linear: Linear | None,
    seed: int = 0,
    tell=lambda line: None,
) -> tuple[Settings, float, float]:
    """The settings whose committee predicts `known` behind its first `fit` numbers best, when trained on these.

    One setting after the other, beginning with how numbers are handed over; committees of two while it is sought.
    -> settings, their `relative_error`, and by how much an interval of theirs has to be widened to hold 90 % there.
    """
    begin = start(fit, ahead, period)
    tried: dict[Settings, tuple[float, float]] = {}

    def try_out(settings):
        if settings not in tried:
            view = settings.view(known[:fit], ahead)
            members = train(replace(settings, members=2), view, known[:fit], seed)
            found = said(members, view, known, settings.length, fit - ahead)
            error = relative_error(known, view.forecast(known, found).mean, fit)
            tried[settings] = error, widening(view, known, found, fit)
            tell(f"{settings}: {error:.3f}")
        return tried[settings][0]

    ways = [replace(begin, kind=kind) for kind in kinds_for(known[:fit])]
    if linear:  # of which little may be left over to learn
        ways += [replace(begin, kind=linear.kind, beside=linear, updates=begin.updates // n) for n in (1, 4)]
    best = min(ways, key=try_out)
    for values in search(best):
        best = min([best, *values(best)], key=try_out)
    return best, *tried[best]


def widening(view: View, numbers: np.ndarray, found: np.ndarray, begin: int) -> float:
    """By what spreads have to be multiplied for the 90 % intervals to hold 90 % of the numbers from `begin` on."""
    places = np.arange(len(numbers))[:, None] + np.arange(1, view.ahead + 1)
    missed = np.where(places >= begin, np.abs(view.targets(numbers) - found[..., 0]) * np.exp(-found[..., 1]), np.nan)
    return float(np.nanquantile(missed, 0.9) / 1.6449)
