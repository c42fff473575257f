"""The conformance suite on a device that is not the host."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.runtime.device import use_backend


def test_the_suite_passes_on_a_discrete_device():
    """The same suite that any backend runs, in a process of its own, with the test backend as a pytest plugin."""
    here = Path(__file__).parent
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")]))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "register_discrete", "-p", "no:cacheprovider", "--pyargs",
         "mindspore.testing.conformance", "--ms-backend=discrete"],
        cwd=here, env=environment, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "discrete" in run.stdout, run.stdout[-2000:]


def test_children_go_on_with_the_device_and_members_may_be_threads(tmp_path):
    """What the backend claims beyond the suite's defaults."""
    here = Path(__file__).parent
    claims = tmp_path / "claims.toml"
    claims.write_text('[discrete]\nfork = "child"\nmembers = "threads"\ngroup_sizes = [3, 4]\n')
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")]))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "register_discrete", "-p", "no:cacheprovider", "--pyargs",
         "mindspore.testing.conformance", "--ms-backend=discrete", f"--ms-requirements={claims}", "-k",
         "test_forks or test_communicators"],
        cwd=here, env=environment, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0 and "4 passed" in run.stdout, run.stdout[-4000:] + run.stderr[-2000:]


def faulty_communicators():
    """Communicators that are wrong in one way each."""
    from discrete_group import DiscreteCommunicator

    class Backwards(DiscreteCommunicator):
        def all_gather(self, target, source, aval):
            self._collect("all_gather", target, source, aval.nbytes, lambda parts: b"".join(parts[::-1]))

    class Forgetful(DiscreteCommunicator):
        def _reduced(self, parts, aval, op):
            return super()._reduced(parts[:-1] if op == "prod" else parts, aval, op)

    class Early(DiscreteCommunicator):
        """Does not wait for the kernels that compute its operand."""

        def all_reduce(self, target, source, aval, op):
            if aval.shape == (64, 9):
                self.device.allocator.copy_from_host(source, np.zeros(aval.shape, np.float32))
            super().all_reduce(target, source, aval, op)

        def __init__(self, device, group):
            self.device = device
            super().__init__(device, group)

    class Trusting(DiscreteCommunicator):
        def _check(self, op=None, **ranks):
            """Everything is taken."""

    return [Backwards, Forgetful, Early, Trusting]


@pytest.mark.parametrize("place", range(4), ids=["backwards", "forgetful", "early", "trusting"])
def test_a_wrong_communicator_is_seen(discrete, tmp_path, place):
    from concurrent.futures import ThreadPoolExecutor

    from mindspore.plugin import manager
    from mindspore.testing.conformance import members, test_communicators
    from mindspore.testing.results import Tally

    backend, make = manager.backends()[discrete], faulty_communicators()[place]
    with ThreadPoolExecutor(2) as pool:
        work = [pool.submit(members.work, backend.open(), make, rank, 2, str(tmp_path)) for rank in range(2)]
        try:
            found = [each.result(timeout=120) for each in work]
        except Exception:
            return  # a member that raises fails the test of the suite, too
    with pytest.raises(AssertionError, match=r"member \d of 2"):
        for rank, own in enumerate(found):
            test_communicators.look(Tally(discrete), f"{make.__name__}, member {rank} of 2", own,
                                    frozenset({"float32", "int32"}), rank, 2)


class LeNet5(nn.Cell):
    """LeNet-5 (LeCun et al., 1998) for small images."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid", has_bias=True)
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid", has_bias=True)
        self.pool, self.relu, self.flatten = nn.MaxPool2d(2, 2), nn.ReLU(), nn.Flatten()
        self.fc1, self.fc2, self.fc3 = nn.Dense(400, 120), nn.Dense(120, 84), nn.Dense(84, 10)

    def construct(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.flatten(self.pool(self.relu(self.conv2(x))))
        return self.fc3(self.relu(self.fc2(self.relu(self.fc1(x)))))


def train(backend: str, mode: int, steps: int) -> list[float]:
    """The losses of some steps of LeNet-5 with Momentum on a backend."""
    draw = np.random.default_rng(0)
    images = draw.standard_normal((8, 1, 32, 32)).astype(np.float32)
    labels = draw.integers(0, 10, 8).astype(np.int32)
    with use_backend(backend):
        ms.set_context(mode=mode)
        ms.set_seed(1)
        net = LeNet5()
        loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
        step = nn.TrainOneStepCell(nn.WithLossCell(net, loss), nn.Momentum(net.trainable_params(), 0.1, 0.9))
        step.set_train()
        try:
            return [float(step(Tensor(images), Tensor(labels))) for _ in range(steps)]
        finally:
            ms.set_context(mode=ms.PYNATIVE_MODE)


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
def test_lenet_trains_on_twelve_kernels(discrete, mode):
    """Allocator and twelve kernels are enough: the rest is decomposed or runs on the host, and the losses agree."""
    from mindspore.plugin import manager
    device = manager.device(discrete)
    assert len(device.kernels) == 12
    launches = device.commands.kernel_launches
    losses = train(discrete, mode, 12)
    assert device.commands.kernel_launches > launches
    assert losses[-1] < 0.8 * losses[0]
    np.testing.assert_allclose(losses, train("reference", mode, 12), rtol=1e-3)
