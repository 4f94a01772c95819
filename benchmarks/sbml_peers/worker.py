"""A process of its own for each simulator and model, so that none can slow down, break or outlast another."""

from __future__ import annotations

import multiprocessing
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.sbml_peers.collection import EVERY, POINTS
from benchmarks.sbml_peers.process import Failure, pin, reason, silence
from benchmarks.sbml_peers.simulators import adapter
from benchmarks.sbml_peers.simulators.base import AbstractSimulator, Outcome
from benchmarks.sbml_peers.task import Task

__all__ = ["Asked", "Reply", "Worker"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """What a worker is to do.

    Attributes
    ----------
    members
        How many to integrate, from the first.
    rtol, atol
        Tolerances.
    together
        Whether in one call.
    shown
        How many trajectories to return, from the first.
    patience
        CPU time after which no further call is made, once all that are shown are done [s]: members that fail
        may take much longer than others.
    """

    members: int
    rtol: float
    atol: float
    together: bool
    shown: int
    patience: float


@dataclass(frozen=True)
class Reply:
    """What came of it.

    Attributes
    ----------
    seconds
        CPU time of each call [s]; one call, or one per member.
    solving
        What of it all went into integrating by the simulator's own count, NaN if it has none [s].
    states
        Trajectories of the first members at every fifth output time, shape (member, time, state).
    members, failed
        Members integrated, and those without a result.
    """

    seconds: Floats
    solving: float
    states: Floats
    members: int
    failed: int


class Worker:
    """One simulator with one model loaded, in a process of its own.

    Raises
    ------
    Failure
        If the model cannot be loaded, here and wherever the worker is asked for more: with the simulator's
        own words, or that the time was up or the process died.
    """

    def __init__(self, task: Task, limit: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, task), daemon=True)
        self.process.start()
        theirs.close()
        self.at_once = bool(self._answer(limit))

    def run(self, asked: Asked, limit: float) -> Reply:
        """Integrate members."""
        self.pipe.send(asked)
        reply = self._answer(limit)
        assert isinstance(reply, Reply)
        return reply

    def close(self) -> None:
        """End the process."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.pipe.close()

    def _answer(self, limit: float) -> Any:
        if not self.pipe.poll(limit):
            self.process.kill()
            raise Failure(f"not done after {limit:g} s")
        try:
            done, answer = self.pipe.recv()
        except EOFError:
            raise Failure("the process died") from None
        if not done:
            raise Failure(answer)
        return answer


def _serve(pipe: Connection, task: Task) -> None:
    pin(task.core)
    silence()
    try:
        simulator = adapter(task.simulator).load(task.path, task.parameters, task.states, task.cache)
        pipe.send((True, simulator.at_once))
        while True:
            pipe.send((True, _integrate(simulator, task, pipe.recv())))
    except EOFError:
        return
    except Exception as error:  # whatever a simulator throws ends up in the table
        traceback.print_exc()
        pipe.send((False, reason(error)))


def _integrate(simulator: AbstractSimulator, task: Task, asked: Asked) -> Reply:
    values = task.values[: asked.members]
    calls = [values] if asked.together else np.split(values, len(values))
    outcomes: list[Outcome] = []
    for rows in calls:
        outcomes.append(simulator.run(rows, task.end, POINTS, asked.rtol, asked.atol))
        if sum(outcome.seconds for outcome in outcomes) > asked.patience and len(outcomes) >= asked.shown:
            break
    states = np.concatenate([outcome.states for outcome in outcomes])
    failed = int(np.count_nonzero(~np.isfinite(states).all(axis=(1, 2))))
    seconds = np.array([outcome.seconds for outcome in outcomes])
    solving = sum(outcome.solving for outcome in outcomes)
    return Reply(seconds, solving, states[: asked.shown, ::EVERY], len(states), failed)
