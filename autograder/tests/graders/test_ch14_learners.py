"""Chapter 14 as learners write it: right ways that earn everything, mistakes with their names."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.tests.graders.learners import solved

CHAPTER = "ch14_training"


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)


# Right, in other styles


def he_scaled(shape, rng):
    inputs = 1
    for size in shape[:-1]:
        inputs *= size
    return rng.standard_normal(shape).astype(np.float32) * np.float32((2 / inputs) ** 0.5)


def he_truncated(shape, rng):
    out = np.empty(math.prod(shape))
    for i in range(out.size):
        while True:
            number = rng.normal()
            if abs(number) < 2:
                break
        out[i] = number
    return out.reshape(shape) * math.sqrt(2 / math.prod(shape[:-1])) / 0.87962566


def norm_in_loops(x, gamma, beta, eps=1e-3):
    out = np.zeros(x.shape)
    means, variances = [], []
    for c in range(x.shape[-1]):
        values = [float(v) for v in x[..., c].ravel()]
        mean = sum(values) / len(values)
        variance = sum((v - mean) ** 2 for v in values) / len(values)
        out[..., c] = gamma[c] * (x[..., c] - mean) / math.sqrt(variance + eps) + beta[c]
        means.append(mean)
        variances.append(variance)
    return out, np.array(means), np.array(variances)


def norm_of_rows(x, gamma, beta, eps=1e-3):
    rows = x.reshape(-1, x.shape[-1])
    mean = rows.mean(0)
    variance = (rows**2).mean(0) - mean**2
    factor = gamma * (variance + eps) ** -0.5
    return [x * factor + (beta - mean * factor), mean, variance]


def at_test_in_loops(x, gamma, beta, mean, variance, eps=1e-3):
    out = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        c = place[-1]
        out[place] = gamma[c] * (x[place] - mean[c]) / math.sqrt(variance[c] + eps) + beta[c]
    return out


def moving_by_difference(moving, batch, momentum=0.99):
    return moving + (1 - momentum) * (batch - moving)


def keras_adam(param, grad, m, v, t, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-7):
    m = m + (grad - m) * (1 - beta1)
    v = v + (grad * grad - v) * (1 - beta2)
    alpha = rate * math.sqrt(1 - beta2**t) / (1 - beta1**t)
    return param - m * alpha / (np.sqrt(v) + eps), m, v


def adam_in_loops(param, grad, m, v, t, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-7):
    new = [np.zeros(param.shape) for _ in range(3)]
    for place in np.ndindex(param.shape):
        g = float(grad[place])
        first = beta1 * float(m[place]) + (1 - beta1) * g
        second = beta2 * float(v[place]) + (1 - beta2) * g**2
        step = first / (1 - beta1**t) / (math.sqrt(second / (1 - beta2**t)) + eps)
        new[0][place], new[1][place], new[2][place] = param[place] - rate * step, first, second
    return new


def block_in_loops(x, kernels1, bias1, kernels2, bias2):
    def conv(x, kernels, bias):
        kh, kw, _, filters = kernels.shape
        frame = [(0, 0), ((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2), (0, 0)]
        padded = np.pad(x, frame)
        out = np.zeros((*x.shape[:3], filters))
        for n, i, j, f in np.ndindex(out.shape):
            patch = padded[n, i : i + kh, j : j + kw]
            out[n, i, j, f] = np.sum(patch * kernels[..., f]) + bias[f]
        return out

    inner = np.where(conv(x, kernels1, bias1) > 0, conv(x, kernels1, bias1), 0)
    return np.clip(x + conv(inner, kernels2, bias2), 0, None)


def rate_in_loops(rates, losses):
    curve, mean = [], 0.0
    for t, loss in enumerate(losses, 1):
        mean = 0.8 * mean + 0.2 * float(loss)
        curve.append(mean / (1 - 0.8**t))
    best, lowest = 0, math.inf
    for i in range(len(curve)):
        a, b = max(i - 1, 0), min(i + 1, len(curve) - 1)
        slope = (curve[b] - curve[a]) / (math.log(rates[b]) - math.log(rates[a]))
        if slope < lowest:
            best, lowest = i, slope
    return rates[best]


def rate_base_ten(rates, losses):
    return rates[int(np.gradient(solved(CHAPTER)["smooth"](losses), np.log10(rates)).argmin())]


def stop_by_counting(val_loss, patience):
    lowest, best, waited = float("inf"), -1, 0
    for epoch in range(len(val_loss)):
        if val_loss[epoch] < lowest:
            lowest, best, waited = val_loss[epoch], epoch, 0
        else:
            waited += 1
            if waited == patience:
                return epoch, best
    return epoch, best


def stop_by_slices(val_loss, patience):
    for epoch in range(len(val_loss)):
        best = int(np.argmin(val_loss[: epoch + 1]))
        if epoch - best >= patience:
            break
    return np.array([epoch, best])[0], best


RIGHT = [
    ("he_normal", he_scaled),
    ("he_normal", he_truncated),
    ("batch_norm", norm_in_loops),
    ("batch_norm", norm_of_rows),
    ("batch_norm_at_test", at_test_in_loops),
    ("update_moving", moving_by_difference),
    ("adam_step", keras_adam),
    ("adam_step", adam_in_loops),
    ("residual_block", block_in_loops),
    ("best_rate", rate_in_loops),
    ("best_rate", rate_base_ten),
    ("early_stop", stop_by_counting),
    ("early_stop", stop_by_slices),
]


@pytest.mark.parametrize(
    ("name", "function"), RIGHT, ids=lambda each: getattr(each, "__name__", each)
)
def test_another_right_way_earns_full_marks(name, function):
    result = judged(name, function)
    assert (result.status, result.score) == ("passed", result.max_score), result.message


def test_the_form_of_the_paper_is_right_and_remarked_upon_and_that_of_keras_is_not():
    said = "as in the paper"
    assert any(said in remark for remark in judged("adam_step", adam_in_loops).remarks)
    assert not any(said in remark for remark in judged("adam_step", keras_adam).remarks)


# Mistakes as they are written


def he(spread, draw=None):
    def he_normal(shape, rng):
        std = spread(shape)
        return draw(rng, std, shape) if draw else rng.normal(scale=std, size=shape)

    return he_normal


def right_std(shape):
    return math.sqrt(2 / math.prod(shape[:-1]))


def norm(axes, ddof=0, divide=lambda var, eps: np.sqrt(var + eps), keep=False):
    def batch_norm(x, gamma, beta, eps=1e-3):
        mean, var = x.mean(axes, keepdims=True), x.var(axes, ddof=ddof, keepdims=True)
        out = gamma * (x - mean) / divide(var, eps) + beta
        return (out, mean, var) if keep else (out, mean.squeeze(), var.squeeze())

    return batch_norm


def norm_for_each_picture(x, gamma, beta, eps=1e-3):
    pairs = [(picture.mean((0, 1)), picture.var((0, 1))) for picture in x]
    out = [
        gamma * (picture - mean) / np.sqrt(var + eps) + beta
        for picture, (mean, var) in zip(x, pairs, strict=True)
    ]
    return np.array(out), np.array([m for m, _ in pairs]), np.array([v for _, v in pairs])


def forgets_the_moving_values(x, gamma, beta, mean, variance, eps=1e-3):
    return solved(CHAPTER)["batch_norm"](x, gamma, beta, eps)[0]


def adam(count=lambda t: t, book=True, sign=-1, correct=(1, 1), inside=False, keep=False):
    def adam_step(param, grad, m, v, t, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-7):
        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad * grad
        c1 = 1 - beta1 ** count(t) if correct[0] else 1
        c2 = 1 - beta2 ** count(t) if correct[1] else 1
        with np.errstate(all="ignore"):
            if book:
                below = np.sqrt(v / c2 + eps) if inside else np.sqrt(v / c2) + eps
                step = m / c1 / below
            else:
                below = np.sqrt(v + eps) if inside else np.sqrt(v) + eps
                step = math.sqrt(c2) / c1 * m / below
        new = param + sign * rate * step
        return (new, m / c1, v / c2) if keep else (new, m, v)

    return adam_step


def adam_in_place(param, grad, m, v, t, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-7):
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * grad**2
    param -= rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return param, m, v


def block(*, first=True, before=False, last=True, add=lambda x: x):
    def residual_block(x, kernels1, bias1, kernels2, bias2):
        conv, relu = solved(CHAPTER)["conv2d"], solved(CHAPTER)["relu"]
        h = conv(x, kernels1, bias1, "same")
        h = conv(relu(h) if first else h, kernels2, bias2, "same")
        h = add(x) + (relu(h) if before else h)
        return relu(h) if last else h

    return residual_block


def rate(curve="smooth", axis=np.log, pick=np.argmin):
    def best_rate(rates, losses):
        losses = solved(CHAPTER)["smooth"](losses) if curve == "smooth" else losses
        return float(rates[pick(np.gradient(losses, axis(rates)))])

    return best_rate


def lowest_loss(rates, losses):
    return float(rates[np.argmin(losses)])


def stop_late(val_loss, patience):
    best, wait = 0, 0
    for epoch, loss in enumerate(val_loss):
        if loss < val_loss[best]:
            best, wait = epoch, 0
        elif epoch:
            wait += 1
        if wait > patience:
            return epoch, best
    return len(val_loss) - 1, best


def stop_at_rises(val_loss, patience):
    rises = 0
    for epoch in range(1, len(val_loss)):
        rises = rises + 1 if val_loss[epoch] >= val_loss[epoch - 1] else 0
        if rises == patience:
            break
    else:
        epoch = len(val_loss) - 1
    return epoch, int(np.argmin(val_loss[: epoch + 1]))


def keeps_the_last(val_loss, patience):
    stop, _ = stop_by_counting(val_loss, patience)
    return stop, stop


def adam_without_t(param, grad, m, v, t, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-7):
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
    return param - rate * (m / (1 - beta1)) / (np.sqrt(v / (1 - beta2)) + eps), m, v


def norm_with_eps_in_the_variance(x, gamma, beta, eps=1e-3):
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2)) + eps
    return gamma * (x - mean) / np.sqrt(variance) + beta, mean, variance


def at_test_with(formula):
    return lambda x, gamma, beta, mean, variance, eps=1e-3: formula(
        (x - mean) / np.sqrt(variance + eps), gamma, beta
    )


WRONG = [
    ("he_normal", he(lambda s: math.sqrt(2 / (math.prod(s[:-2]) * s[-1]))), "fan-out-for-fan-in"),
    ("he_normal", he(lambda s: 2 / math.prod(s[:-1])), "variance-for-std"),
    ("he_normal", he(lambda s: math.sqrt(2 / s[-2])), "window-forgotten"),
    ("he_normal", he(lambda s: math.sqrt(1 / math.prod(s[:-1]))), "two-forgotten"),
    (
        "he_normal",
        he(right_std, lambda rng, std, s: np.random.default_rng(42).normal(0, std, s)),
        "reseeds",
    ),
    (
        "he_normal",
        he(right_std, lambda rng, std, s: rng.uniform(-std, std, s)),
        "uniform-for-normal",
    ),
    ("he_normal", he(right_std, lambda rng, std, s: rng.random(s) * std), "not-centered"),
    ("batch_norm", norm_for_each_picture, "per-image"),
    ("batch_norm", norm((1, 2), keep=True), "per-image"),
    ("batch_norm", norm((0, 1, 2, 3)), "over-channels"),
    ("batch_norm", norm((0, 1, 2), ddof=1), "unbiased-variance"),
    ("batch_norm", norm((0, 1, 2), divide=lambda v, e: np.sqrt(v) + e), "eps-outside-root"),
    ("batch_norm", norm((0, 1, 2), keep=True), "keeps-axes"),
    ("batch_norm_at_test", forgets_the_moving_values, "batch-statistics-at-test"),
    (
        "update_moving",
        lambda moving, batch, momentum=0.99: (1 - momentum) * moving + momentum * batch,
        "momentum-reversed",
    ),
    ("adam_step", adam(correct=(0, 0)), "bias-correction-missing"),
    ("adam_step", adam(correct=(1, 0), book=False), "bias-correction-missing"),
    ("adam_step", adam(count=lambda t: t - 1), "t-from-zero"),
    ("adam_step", adam(count=lambda t: t - 1, book=False), "t-from-zero"),
    ("adam_step", adam(count=lambda t: t + 1), "t-from-zero"),
    ("adam_step", adam(sign=1), "ascends"),
    ("adam_step", adam(sign=1, book=False), "ascends"),
    ("adam_step", adam(inside=True), "eps-inside-root"),
    ("adam_step", adam(inside=True, book=False), "eps-inside-root"),
    ("adam_step", adam(keep=True), "correction-kept"),
    ("adam_step", adam_in_place, "changes-input"),
    ("residual_block", block(add=lambda x: 0), "shortcut-missing"),
    ("residual_block", block(before=True, last=False), "relu-before-sum"),
    ("residual_block", block(before=True), "relu-before-sum"),
    ("residual_block", block(last=False), "last-relu-missing"),
    ("residual_block", block(first=False), "first-relu-missing"),
    ("adam_step", adam_without_t, "correction-always-first"),
    ("batch_norm", norm_with_eps_in_the_variance, "eps-returned"),
    ("batch_norm_at_test", at_test_with(lambda n, g, b: g * (n + b)), "beta-scaled"),
    ("batch_norm_at_test", at_test_with(lambda n, g, b: b * n + g), "gamma-and-beta-swapped"),
    ("he_normal", lambda s, rng: rng.normal(0, math.sqrt(2 / math.prod(s)), s), "filters-counted"),
    ("best_rate", lowest_loss, "lowest-loss"),
    ("best_rate", rate(axis=lambda rates: rates), "linear-axis"),
    ("best_rate", rate(curve="raw"), "unsmoothed"),
    ("best_rate", rate(pick=lambda s: np.argmax(np.abs(s))), "after-it-diverged"),
    ("early_stop", stop_late, "off-by-one"),
    ("early_stop", stop_at_rises, "any-rise-stops"),
    ("early_stop", keeps_the_last, "restores-last"),
]


@pytest.mark.parametrize(("name", "function", "mistake"), WRONG)
def test_a_mistake_gets_its_name(name, function, mistake):
    result = judged(name, function)
    assert result.diagnosis == [mistake], result.message
    assert result.score < result.max_score


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("he_normal", lambda shape, rng: rng.normal(0, 0.05, shape)),
        (
            "batch_norm",
            lambda x, gamma, beta, eps=1e-3: (
                np.tanh(x),
                np.zeros(x.shape[3]),
                np.ones(x.shape[3]),
            ),
        ),
        ("adam_step", lambda p, g, m, v, t, rate=1e-3, *a, **k: (p - rate * np.sign(g), m, v)),
        ("residual_block", lambda x, *kernels: np.maximum(2 * x, 0)),
        ("best_rate", lambda rates, losses: float(np.median(rates))),
        ("early_stop", lambda val_loss, patience: (patience, 0)),
    ],
)
def test_what_is_odd_gets_no_name(name, function):
    result = judged(name, function)
    assert (result.status, result.diagnosis) == ("failed", []), result.message
