"""The worlds of signals: what is said to be best is compared with brute force, and with who learns from samples."""

import itertools

import numpy as np
import pytest
from scipy import integrate, linalg, stats

from course_lib.errors import CourseError
from course_lib.worlds.signals import Arm, LinearSignals, SwitchingSignals, oscillator, sampled, turning


def some_covariance(rng, size):
    root = rng.normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size)


def some_linear(rng, states=3, seen=2):
    A = rng.normal(size=(states, states))
    A *= 0.9 / abs(np.linalg.eigvals(A)).max()
    C = rng.normal(size=(seen, states))
    return LinearSignals(A, C, some_covariance(rng, states), some_covariance(rng, seen))


def some_switching(rng, rules=3, size=2):
    A = rng.normal(size=(rules, size, size)) * 0.6
    return SwitchingSignals(
        A, rng.dirichlet(np.ones(rules), rules), some_covariance(rng, size), some_covariance(rng, size)
    )


def joint(world, length):
    """The covariance of x_0, w_0 ... w_{T-2}, v_0 ... v_{T-1} sent through the equations: of y (T D, T D)."""
    S, D = len(world.A), len(world.C)
    start = np.linalg.solve(np.eye(S * S) - np.kron(world.A, world.A), world.Q.ravel()).reshape(S, S)
    noises = linalg.block_diag(start, *[world.Q] * (length - 1), *[world.R] * length)
    rows = np.zeros((length * D, len(noises)))
    state = np.eye(S, len(noises))  # x_t as a sum of noises
    for t in range(length):
        rows[t * D : (t + 1) * D] = world.C @ state
        rows[t * D : (t + 1) * D, S * length + t * D :][:, :D] += np.eye(D)
        state = world.A @ state
        if t + 1 < length:
            state[:, S * (t + 1) : S * (t + 2)] += np.eye(S)
    return rows @ noises @ rows.T


@pytest.mark.parametrize("make", [lambda: some_linear(np.random.default_rng(0)), oscillator, Arm,
                                  lambda: some_linear(np.random.default_rng(1), 1, 3)])  # fmt: skip
@pytest.mark.parametrize("ahead", [1, 3])
def test_the_filter_is_the_conditional_mean_of_the_joint_gaussian(make, ahead):
    world, T = make(), 9
    D, covariance = len(world.C), joint(world, T + ahead)
    y, _ = world.sample(5, T, seed=2)
    predicted, errors, nats = world.predict(y, ahead), world.covariance(T, ahead), world.nats(T, ahead)
    for t in range(T):
        past, future = slice(0, (t + 1) * D), slice((t + ahead) * D, (t + ahead + 1) * D)
        weights = np.linalg.solve(covariance[past, past], covariance[past, future])
        left = covariance[future, future] - covariance[future, past] @ weights
        assert np.allclose(predicted[:, t], y[:, : t + 1].reshape(5, -1) @ weights, atol=1e-9 * abs(y).max())
        assert np.allclose(errors[t], left, atol=1e-9 * abs(covariance).max())
        assert nats[t] == pytest.approx(stats.multivariate_normal(np.zeros(D), left).entropy())
    assert np.allclose(world.error(T, ahead), [np.trace(e) / D for e in errors])
    assert world.variance == pytest.approx(np.trace(covariance[:D, :D]) / D)


@pytest.mark.parametrize("world", [oscillator(), Arm()])
@pytest.mark.parametrize("ahead", [1, 6])
def test_the_errors_it_makes_are_those_it_states(world, ahead):
    n, T = 4000, 40
    y, _ = world.sample(n, T + ahead, seed=3)
    squared = ((world.predict(y[:, :T], ahead) - y[:, ahead:]) ** 2).mean(axis=2)  # (n, T)
    stated = world.error(T, ahead)
    standard_error = squared.std(axis=0) / n**0.5
    assert (abs(squared.mean(axis=0) - stated) < 4.5 * standard_error).all()
    each = squared.mean(axis=1)
    assert each.mean() == pytest.approx(stated.mean(), abs=4 * each.std() / n**0.5)


def test_the_floor_is_where_the_errors_go():
    for world in (oscillator(), Arm(), some_linear(np.random.default_rng(4))):
        for ahead in (1, 7):
            errors = world.error(300, ahead)
            assert world.floor(ahead) == pytest.approx(errors[-1])
            assert (np.diff(errors) < 1e-9).all()
        assert np.all(np.diff([world.floor(k) for k in range(1, 12)]) > 0)
        assert world.floor(500) == pytest.approx(world.variance, rel=0.01)


def test_the_signal_is_drawn_by_its_equations():
    world = some_linear(np.random.default_rng(5))
    y, x = world.sample(60_000, 3, seed=6)
    for noise, covariance in ((x[:, 2] - x[:, 1] @ world.A.T, world.Q), (y[:, 1] - x[:, 1] @ world.C.T, world.R)):
        assert np.allclose(np.cov(noise.T), covariance, atol=0.03 * abs(covariance).max())
    for t in range(3):
        assert np.allclose(np.cov(x[:, t].T), world.start, atol=0.03 * abs(world.start).max())
    assert np.allclose(world.start, world.A @ world.start @ world.A.T + world.Q)
    assert np.array_equal(world.sample(3, 4, 1)[0], world.sample(3, 4, 1)[0])
    assert not np.array_equal(world.sample(3, 4, 1)[0], world.sample(3, 4, 2)[0])


def test_sampling_in_time_is_exact():
    rng = np.random.default_rng(7)
    F, noise = rng.normal(size=(3, 3)), some_covariance(rng, 3)
    A, Q = sampled(F, noise)
    assert np.allclose(A, linalg.expm(F))
    pushed, _ = integrate.quad_vec(lambda s: linalg.expm(F * s) @ noise @ linalg.expm(F * s).T, 0, 1)
    assert np.allclose(Q, pushed)


def test_an_oscillator_has_its_period_damping_and_variance():
    world = oscillator(period=20, damping=0.1, noise=0.3)
    rate = np.log(np.linalg.eigvals(world.A)[0])
    assert abs(rate) == pytest.approx(2 * np.pi / 20) and -rate.real / abs(rate) == pytest.approx(0.1)
    assert world.start[0, 0] == pytest.approx(1) and world.variance == pytest.approx(1.09)


def test_an_arm_moves_as_a_real_one_does_at_first():
    """Kinetic energy and tip of two links, in full, against the arm's to first order, by finite differences."""
    arm, h = Arm(noise=0.2), 1e-5
    assert arm.variance == pytest.approx(1.04)
    (m, tip), L = arm.MASSES, arm.LINK

    def places(angles):
        upper = arm.SHOULDER + angles[0]
        fore = upper - np.pi / 2 + angles[1]
        elbow = L * np.array([np.cos(upper), np.sin(upper)])
        return elbow, elbow + L * np.array([np.cos(fore), np.sin(fore)])

    def slope(i):
        step = h * np.eye(2)[i]
        return [(a - b) / (2 * h) for a, b in zip(places(step), places(-step), strict=True)]

    (e0, t0), (e1, t1) = slope(0), slope(1)
    mass = m * np.array([[e0 @ e0, e0 @ e1], [e0 @ e1, e1 @ e1]]) + tip * np.array(
        [[t0 @ t0, t0 @ t1], [t0 @ t1, t1 @ t1]]
    )
    F = linalg.logm(arm.A).real  # of angles and rates, a step
    assert np.allclose(F[:2], np.hstack([np.zeros((2, 2)), np.eye(2)]), atol=1e-8)
    assert np.allclose(mass @ F[2:, :2], -np.diag(arm.STIFFNESS), atol=1e-6)
    periods = 2 * np.pi / abs(np.log(np.linalg.eigvals(arm.A)).imag)
    assert np.allclose(sorted(set(periods.round())), [12, 24])
    assert np.allclose(np.sqrt(np.diag(arm.start))[:2], [0.15, 0.21], atol=0.005)
    states = np.random.default_rng(8).normal(size=(6, 4)) * 1e-4
    points = arm.points(states)
    for state, found in zip(states, points, strict=True):
        assert np.allclose(found, [(0, 0), *places(state[:2])], atol=1e-6)
    assert np.allclose(points[:, 2] - arm.rest[2], states @ arm.C.T)


# -- a rule that switches ----------------------------------------------------------------------------------------------


def every_way(world, y, ahead):
    """By all sequences: P(m_t | y_0 ... y_t), mean and mean error of y_{t+ahead}, for y (T, S) and its last t."""
    T, chances, means, seconds = len(y), [], [], []
    for path in itertools.product(range(len(world.A)), repeat=T + ahead - 1):
        p = world.shares[path[0]] * np.prod([world.change[a, b] for a, b in itertools.pairwise(path)])
        for t in range(T - 1):
            p *= stats.multivariate_normal(world.A[path[t]] @ y[t], world.Q).pdf(y[t + 1])
        mean, covariance = y[-1], np.zeros_like(world.Q)
        for m in path[T - 1 :]:
            mean, covariance = world.A[m] @ mean, world.A[m] @ covariance @ world.A[m].T + world.Q
        chances.append(p * np.eye(len(world.A))[path[T - 1]])
        means.append(p * mean)
        seconds.append(p * (mean @ mean + np.trace(covariance)))
    total = np.sum(chances)
    mean = np.sum(means, axis=0) / total
    return np.sum(chances, axis=0) / total, mean, (np.sum(seconds) / total - mean @ mean) / y.shape[1]


@pytest.mark.parametrize("make", [lambda: some_switching(np.random.default_rng(9)), turning])
@pytest.mark.parametrize(("length", "ahead"), [(1, 1), (4, 1), (4, 3)])
def test_the_filter_equals_brute_force_over_all_sequences_of_rules(make, length, ahead):
    world = make()
    y, _ = world.sample(3, length, seed=10)
    rules, predicted, errors = world.rules(y), world.predict(y, ahead), world.expected_error(y, ahead)
    for i, signal in enumerate(y):
        chances, mean, error = every_way(world, signal, ahead)
        assert np.allclose(rules[i, -1], chances, atol=1e-9)
        assert np.allclose(predicted[i, -1], mean, atol=1e-9)
        assert errors[i, -1] == pytest.approx(error, abs=1e-9)
    longer, _ = world.sample(3, length + 2, seed=10)
    longer[:, :length] = y  # what comes later changes nothing
    assert np.allclose(world.predict(longer, ahead)[:, :length], predicted)


def test_the_moments_are_those_of_many_samples_and_of_all_sequences():
    world, T = some_switching(np.random.default_rng(11)), 3
    expected = np.zeros((T, 2, T, 2))
    for path in itertools.product(range(3), repeat=T - 1):
        p = world.shares[path[0]] * np.prod([world.change[a, b] for a, b in itertools.pairwise(path)])
        rows = [np.eye(2, 2 * T)]
        for t, m in enumerate(path, 1):
            rows.append(world.A[m] @ rows[-1] + np.eye(2, 2 * T, 2 * t))
        rows = np.concatenate(rows)
        expected += p * (rows @ linalg.block_diag(world.start, world.Q, world.Q) @ rows.T).reshape(T, 2, T, 2)
    assert np.allclose(world.moments(T), expected)
    y, rules = world.sample(100_000, T, seed=12)
    assert np.allclose(np.einsum("nti,nsj->tisj", y, y) / len(y), expected, atol=0.04 * abs(expected).max())
    followed = np.array([(rules[rules[:, 0] == m, 1, None] == range(3)).mean(axis=0) for m in range(3)])
    assert np.allclose(followed, world.change, atol=0.02)
    assert np.allclose([(rules[:, t] == m).mean() for t in (0, 2) for m in range(3)], [*world.shares] * 2, atol=0.01)
    noise = y[:, 1] - (world.A[rules[:, 0]] @ y[:, 0, :, None])[..., 0]
    assert np.allclose(np.cov(noise.T), world.Q, atol=0.03 * world.Q.max())


def test_no_linear_predictor_that_learns_from_signals_is_below_the_stated_one():
    world, T = turning(), 24
    train, _ = world.sample(30_000, T + 1, seed=13)
    test, _ = world.sample(20_000, T + 1, seed=14)
    features = [y[:, :T].reshape(len(y), -1) for y in (train, test)]
    weights = np.linalg.lstsq(features[0], train[:, T], rcond=None)[0]
    squared = ((features[1] @ weights - test[:, T]) ** 2).mean(axis=1)
    stated, standard_error = world.linear_error(T)[-1], squared.std() / len(test) ** 0.5
    assert stated - 4 * standard_error < squared.mean() < 1.01 * stated + 4 * standard_error
    ours = ((world.linear_predict(test[:, :T])[:, -1] - test[:, T]) ** 2).mean(axis=1)
    assert ours.mean() == pytest.approx(stated, abs=4 * standard_error)
    assert (ours - squared).mean() < 4 * (ours - squared).std() / len(test) ** 0.5


def test_the_best_linear_predictor_is_the_kalman_filter_where_nothing_switches():
    A = 0.9 * np.array([[0.8, -0.6], [0.6, 0.8]])
    start = linalg.solve_discrete_lyapunov(A, np.eye(2))
    world = SwitchingSignals([A, A], [[0.5, 0.5], [0.1, 0.9]], np.eye(2), start)
    linear = LinearSignals(A, np.eye(2), np.eye(2), np.zeros((2, 2)))
    y, _ = world.sample(4, 8, seed=15)
    for ahead in (1, 4):
        assert np.allclose(world.linear_predict(y, ahead), linear.predict(y, ahead))
        assert np.allclose(world.predict(y, ahead), linear.predict(y, ahead))
        assert np.allclose(world.linear_error(8, ahead), linear.error(8, ahead))
        assert np.allclose(world.expected_error(y, ahead), linear.error(8, ahead))


def test_a_point_that_turns_back_is_worth_more_than_a_linear_filter():
    world, T = turning(), 40
    y, rules = world.sample(5_000, T + 1, seed=16)
    past, future = y[:, :T], y[:, 1:]
    best = world.expected_error(past)[:, 20:].mean(axis=1)
    made = ((world.predict(past) - future)[:, 20:] ** 2).mean(axis=(1, 2))
    assert (made - best).mean() == pytest.approx(0, abs=4 * (made - best).std() / len(y) ** 0.5)
    assert world.linear_error(T)[20:].mean() / best.mean() == pytest.approx(1.43, abs=0.02)
    chance = world.rules(past)[..., 1]
    for low in np.arange(0, 1, 0.2):  # a chance of so much is right so often
        asked = (chance >= low) & (chance < low + 0.2)
        missed = ((rules[:, :T] == 1) - chance) * asked  # (n, T)
        assert abs(missed.sum()) < 4.5 * missed.sum(axis=1).std() * len(y) ** 0.5
    assert np.allclose(y.var(axis=(0, 1)), 1, atol=0.02) and (rules[:, 1:] != rules[:, :-1]).mean() < 0.022


@pytest.mark.parametrize(("make", "message"), [
    (lambda: LinearSignals([[1.0]], [[1]], [[1]], [[1]]), "below 1, else the signal grows"),
    (lambda: LinearSignals([[0.5]], [[1, 0]], [[1]], [[1]]), r"C: expected finite numbers of shape \(any, 1\)"),
    (lambda: LinearSignals([[0.5]], [[1]], [[-1]], [[1]]), "Q: expected a covariance matrix"),
    (lambda: LinearSignals([[np.nan]], [[1]], [[1]], [[1]]), "A: expected finite numbers"),
    (lambda: oscillator(damping=1.5), "expected 0 < damping < 1"),
    (lambda: Arm(noise=0), "noise must be above 0"),
    (lambda: turning(decay=1), "0 < decay < 1"),
    (lambda: oscillator().predict(np.zeros((2, 5))), r"observations: expected .* \(any, any, 1\), got shape \(2, 5\)"),
    (lambda: oscillator().predict(np.full((2, 5, 1), np.nan)), "observations: expected finite"),
    (lambda: oscillator().predict(np.zeros((2, 5, 1)), ahead=0), "ahead must be 1 or more, got 0"),
    (lambda: oscillator().error(0), "length must be 1 or more"),
    (lambda: oscillator().floor(0), "ahead must be 1 or more"),
    (lambda: turning().linear_error(5, 0), "ahead must be 1 or more"),
    (lambda: turning().predict(np.zeros((2, 5, 3))), "observations: expected"),
    (lambda: SwitchingSignals([[[1]]], [[0.5]], [[1]]), "rows of probabilities"),
    (lambda: SwitchingSignals([[[1]]], [[1]], [[0]]), "Q: expected some noise"),
])  # fmt: skip
def test_what_cannot_be_is_named(make, message):
    with pytest.raises(CourseError, match=message):
        make()
