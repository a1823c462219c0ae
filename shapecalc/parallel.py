"""Jobs on several processes, their outcomes in order.

A worker that dies (killed, out of memory) is the outcome of the job that it was at; another takes
its place. Only what reports say is sent back: a graph with its layers, not the values behind them.
"""

from __future__ import annotations

import copyreg
import gc
import io
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from shapecalc.graph import Graph, Group, Node, Port
from shapecalc.layers.base import Framework
from shapecalc.run import Action, Job, Outcome, do
from shapecalc.spec.model import InputSpec, LayerSpec, ModelSpec
from shapecalc.spec.source import Extent, Mapping, Source
from shapecalc.spec.values import UNKNOWN_VALUE

if TYPE_CHECKING:
    from shapecalc.reasoning.dims import Domain

FORKS = sys.platform == "linux"
#: So many jobs wait at a worker, so that it need not wait itself. What they are sent in must fit
#: into the buffer of a pipe, else both sides may wait for each other.
AHEAD = 4
#: How long a worker that is ended may take to clean up, in seconds.
PATIENCE = 2.0


def run(jobs: Sequence[Job], action: Action, processes: int) -> Iterator[Outcome]:
    """Do all jobs; the outcomes come in the order of the jobs."""
    done: dict[int, Outcome] = {}
    number = 0
    pool = _Pool(jobs, action, processes)
    try:
        for finished, outcome in pool.outcomes():
            done[finished] = outcome
            while number in done:
                yield done.pop(number)
                number += 1
    finally:
        pool.close()


class _Worker:
    """A process, the way to it, and the jobs that it was given and has not done yet."""

    def __init__(self, action: Action, others: list[_Worker]) -> None:
        # Where processes can be forked the package is there at once. We have no threads.
        context = get_context("fork") if FORKS else get_context("spawn")
        self.connection, theirs = context.Pipe()
        # A fork has our ends of all pipes: as long as any is open, a worker does not see us go.
        ends = [worker.connection for worker in (*others, self)] if FORKS else []
        given = (theirs, action, ends, gc.get_threshold())
        self.process = context.Process(target=_work, args=given, daemon=True)
        self.process.start()
        theirs.close()
        self.jobs: deque[int] = deque()

    def send(self, number: int, job: Job) -> None:
        self.jobs.append(number)
        try:
            self.connection.send((number, job))
        except OSError:
            return  # it has died, which is seen when its answer is read

    def end(self) -> str:
        """Why it is gone."""
        self.connection.close()
        self.process.join()
        code = self.process.exitcode or 0
        if code < 0:
            return f"signal {-code}, {signal.strsignal(-code) or 'unknown'}".lower()
        return f"exit code {code}"


class _Pool:
    """Gives jobs to workers and collects what they answer."""

    def __init__(self, jobs: Sequence[Job], action: Action, processes: int) -> None:
        self.jobs = jobs
        self.action: Action = action
        self.left = deque(range(len(jobs)))
        self.workers: list[_Worker] = []
        for _ in range(min(processes, len(jobs))):
            self._start(1)
        for worker in self.workers:
            self._feed(worker)

    def _start(self, most: int = AHEAD) -> None:
        worker = _Worker(self.action, self.workers)
        self.workers.append(worker)
        self._feed(worker, most)

    def _feed(self, worker: _Worker, most: int = AHEAD) -> None:
        while self.left and len(worker.jobs) < most:
            number = self.left.popleft()
            worker.send(number, self.jobs[number])

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """Each job's number and outcome, as they come in."""
        while busy := {worker.connection: worker for worker in self.workers if worker.jobs}:
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                yield self._receive(busy[ready])

    def _receive(self, worker: _Worker) -> tuple[int, Outcome]:
        number = worker.jobs.popleft()
        try:
            outcome: Outcome = pickle.loads(worker.connection.recv_bytes())
        except (EOFError, OSError):
            self.workers.remove(worker)
            self.left.extendleft(reversed(worker.jobs))
            job = self.jobs[number]
            outcome = Outcome(
                job,
                error=f"{job.path}: the process that checked it died ({worker.end()}): "
                "out of memory?",
            )
            if self.left:
                self._start()
        else:
            self._feed(worker)
        return number, outcome

    def close(self) -> None:
        """End all workers, whatever they are at."""
        for worker in self.workers:
            worker.connection.close()
            if worker.jobs:
                worker.process.terminate()
        for worker in self.workers:
            worker.process.join(PATIENCE)
            if worker.process.exitcode is None:
                worker.process.kill()


def _work(
    connection: Connection,
    action: Action,
    ends: list[Connection],
    garbage: tuple[int, int, int],
) -> None:
    """Do jobs until there are no more, or nobody is there to give them."""
    for end in ends:
        end.close()
    # Ctrl-C reaches the whole group: the first process ends the others. Theirs is to clean up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    gc.set_threshold(*garbage)
    gc.freeze()  # what was there before the fork stays
    try:
        while True:
            _, job = connection.recv()
            connection.send_bytes(_packed(do(job, action)))
    except (EOFError, OSError):
        pass


def _stop(number: int, _: object) -> None:
    sys.exit(128 + number)


def _packed(outcome: Outcome) -> bytes:
    """An outcome without what only the check itself needs."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, **_LIGHT}
    pickler.dump(outcome)
    return file.getvalue()


def _light_layer(layer: LayerSpec) -> tuple[Any, ...]:
    return LayerSpec, (layer.type, layer.extent, layer.type_extent, _NO_KEYS, {}, layer.name)


def _light_model(spec: ModelSpec) -> tuple[Any, ...]:
    inputs = [InputSpec(one.name, one.extent, None, one.dtype, one.model) for one in spec.inputs]
    values = (spec.source, spec.extent, spec.name, spec.framework, inputs, spec.single_input)
    return _model, (*values, tuple(spec.vars), spec.dims)


def _model(
    source: Source,
    extent: Extent,
    name: str,
    framework: Framework,
    inputs: list[InputSpec],
    single_input: bool,
    names: tuple[str, ...],
    dims: tuple[str, ...],
) -> ModelSpec:
    return ModelSpec(
        source,
        _NO_KEYS,
        extent,
        name,
        framework=framework,
        inputs=inputs,
        single_input=single_input,
        vars=dict.fromkeys(names, UNKNOWN_VALUE),
        dims=dims,
    )


def _light_graph(graph: Graph) -> tuple[Any, ...]:
    parts = (graph.spec, graph.inputs, graph.nodes, graph.groups, graph.outputs, graph.domain)
    return _graph, parts


def _graph(
    spec: ModelSpec,
    inputs: dict[str, Node],
    nodes: list[Node],
    groups: list[Group],
    outputs: dict[str, Port],
    domain: Domain | None,
) -> Graph:
    graph = Graph(spec)
    graph.domain = domain
    graph.inputs, graph.nodes, graph.groups, graph.outputs = inputs, nodes, groups, outputs
    return graph


_NO_KEYS = Mapping()
_LIGHT: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    LayerSpec: _light_layer,
    ModelSpec: _light_model,
    Graph: _light_graph,
}
