"""Weighted logistic regression in all resamples at once."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.arrays import FloatArray, IntArray

STEPS = 60
TOLERANCE = 1e-4
SURE_MOVE, LONGEST_MOVE = 1.5, 100.0
FARTHEST = 700.0


@dataclass(frozen=True)
class _Problem:
    """Design (d, n), offset (n,), outcome (n,) in {0, 1}, weight (b, n), penalty of each coefficient (d,)."""

    design: FloatArray
    offset: FloatArray
    y: FloatArray
    weight: FloatArray
    penalty: FloatArray


def fit_logistic(
    design: FloatArray, offset: FloatArray, y: FloatArray, weight: FloatArray, ridge: float = 0.0
) -> FloatArray:
    """Coefficients of the best fit in every resample, (b, d); NaN where the search finds none.

    `design` is (d, n), its first row the intercept, the others best of mean 0 and spread 1; `y` holds 0 and 1 and
    `weight` is (b, n). Half `ridge` times the squared coefficients but the intercept is added to the summed loss.

    Newton's method, each step halved until the loss falls or no patient's log-odds move by more than `SURE_MOVE`: up
    to 1.79 it always falls (Bach 2010, Electron J Stat 4:384, proposition 1). Plain Newton diverges on over-confident
    risks. A last step of at most `TOLERANCE` leaves an error of the order of its square. The search starts one step
    from the fit to the mean weight, a step that needs no risks of its own in any resample.
    """
    penalty = np.full(len(design), ridge)
    penalty[0] = 0.0
    problem, start = _Problem(design, offset, y, weight, penalty), np.zeros((1, len(design)))
    if len(weight) < 2:
        return _search(start[: len(weight)], problem)
    mean = np.nan_to_num(_search(start, replace(problem, weight=weight.mean(axis=0, keepdims=True))))
    return _search(mean + _newton_step(mean, problem), problem)


def _search(coefficients: FloatArray, problem: _Problem) -> FloatArray:
    found = np.full_like(coefficients, np.nan)
    open_ = np.arange(len(coefficients))
    for _ in range(STEPS):
        step = _shorten(_newton_step(coefficients, problem), coefficients, problem)
        coefficients = coefficients + step
        going = np.abs(step).max(axis=1) > TOLERANCE
        found[open_[~going]] = coefficients[~going]
        if not going.any():
            break
        if not going.all():
            open_, coefficients = open_[going], coefficients[going]
            problem = replace(problem, weight=problem.weight[going])
    return found


def _newton_step(coefficients: FloatArray, problem: _Problem) -> FloatArray:
    """The step of each resample, (b, d), from coefficients (b, d), or from those all share, (1, d)."""
    design, weight, penalty = problem.design, problem.weight, problem.penalty
    p = _risks(coefficients, problem)
    gradient = (weight * (problem.y - p)) @ design.T - coefficients * penalty
    outer = np.array([row * other for row in design for other in design])
    hessian = ((weight * (p * (1 - p))) @ outer.T).reshape(len(weight), len(design), len(design))
    jitter = 1e-12 * (1 + np.trace(hessian, axis1=1, axis2=2))[:, None, None] * np.eye(len(design))
    step: FloatArray = np.linalg.solve(hessian + np.diag(penalty) + jitter, gradient[..., None])[..., 0]
    farthest = np.maximum(_farthest(step, problem), LONGEST_MOVE)
    return step * (LONGEST_MOVE / farthest)[:, None]


def _farthest(step: FloatArray, problem: _Problem) -> FloatArray:
    """What no patient's log-odds move by more than, (b,)."""
    moves: FloatArray = np.abs(step) @ np.abs(problem.design).max(axis=1)
    return moves


def _shorten(step: FloatArray, coefficients: FloatArray, problem: _Problem) -> FloatArray:
    """Each step (b, d), halved until it is sure to lower the loss or is seen to."""
    step, farthest = step.copy(), _farthest(step, problem)
    long = np.flatnonzero(farthest > SURE_MOVE)
    before = np.full(len(step), np.inf)
    before[long] = _loss(coefficients[long], problem, long)
    while len(long):
        after = _loss(coefficients[long] + step[long], problem, long)
        long = long[after > before[long]]
        step[long] /= 2
        farthest[long] /= 2
        long = long[farthest[long] > SURE_MOVE]
    return step


def _loss(coefficients: FloatArray, problem: _Problem, which: IntArray) -> FloatArray:
    """The penalised loss of the resamples `which`, (k,), at coefficients (k, d)."""
    score = (coefficients @ problem.design + problem.offset) * (1 - 2 * problem.y)
    summed = np.einsum("bn,bn->b", problem.weight[which], np.logaddexp(0.0, score))
    loss: FloatArray = summed + coefficients**2 @ problem.penalty / 2
    return loss


def _risks(coefficients: FloatArray, problem: _Problem) -> FloatArray:
    """Risks (b, n), in one array from the first step to the last: it is the largest of the search."""
    risks = coefficients @ -problem.design
    risks -= problem.offset
    np.clip(risks, -FARTHEST, FARTHEST, out=risks)
    np.exp(risks, out=risks)
    risks += 1
    return np.reciprocal(risks, out=risks)
